import type { Instruct, SlowClientPolicy } from '@p-8/protocol';
import { ClientStream, OwnChunk, type StreamChunk } from '../http/client-stream.js';
import type { HoldEnd } from '../hub/hold-info.js';
import type { OverflowReason } from '../hub/overflow.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { Subscription } from '../hub/session.js';
import { Timer } from '../timers.js';
import type { Backlogged } from './backlog.js';
import { Conflation } from './conflation.js';
import { changesContent, filterContent, filterResponseBody } from './content-filters.js';
import type { HeldRequest } from './held-request.js';
import { HttpHold } from './http-hold.js';
import { LinkFollower } from './link-follower.js';
import { StreamKeepAlive } from './stream-keep-alive.js';
import { WaitingItems } from './waiting-items.js';

/** How often in a row a slow client may recover, before it is ended: one that never catches up would keep its origin busy for ever. */
const MAX_OVERFLOWS = 5;

/** Milliseconds after a recovery: a client that has nothing waiting then has caught up. At first, a system takes much by itself. */
const CATCH_UP_TIME = 1000;

/**
 * `opening`: the origin's own content is being sent. `holding`: items go straight to the client. `waiting`: the next
 * link is going to be asked; `draining`: as soon as the slow client has taken what is there; `fetching`: it is being
 * asked. `closed`: the client has it all, or is gone.
 */
type State = 'opening' | 'holding' | 'waiting' | 'draining' | 'fetching' | 'closed';

/** A stream: the client gets the origin's content, then items as they come, until one of them closes it. */
export class StreamHold extends HttpHold implements Backlogged {
  protected readonly mode = 'stream';
  #state: State = 'opening';
  readonly #stream: ClientStream;
  readonly #links: LinkFollower;
  readonly #keepAlive: StreamKeepAlive;
  readonly #waiting: WaitingItems;
  readonly #linkTimer = new Timer(this);
  /** An update was asked for while one was under way. */
  #updateAgain = false;
  #sourceResume: (() => void) | undefined;
  /** What waits, where only the newest of each channel is kept. Undefined: all is. */
  #conflation: Conflation<ConflatedChunk> | undefined;
  /** Bytes of items that newer ones have taken the place of. */
  #superseded = 0;
  /** It is being ended since it is too slow. */
  #isTooSlow = false;
  /** How often in a row the client has been too slow, without having caught up in between. */
  #overflows = 0;
  /** Milliseconds since 1970 at the end of the last recovery from that; infinite in the midst of it. */
  #recoveredAt = 0;

  /** Sends the head. @throws TypeError when HTTP does not allow it. */
  constructor(request: HeldRequest, instruct: Instruct) {
    super(request, instruct);
    const { client, services } = request;
    const { code, reason, headers } = instruct.response;
    client.sendHead(code, reason, headers);
    client.flushHead();
    client.owner = this;
    services.hub.addSession(this);
    this.#stream = new ClientStream(client, services.flusher, this);
    this.#links = new LinkFollower(request, this);
    this.#keepAlive = new StreamKeepAlive(services, this.#stream);
    this.#keepAlive.use(instruct.keepAlive);
    this.#waiting = new WaitingItems(request.limits.queueBytes);
  }

  /** Sends the origin's own content, and holds. */
  open(): void {
    const body = filterResponseBody(this.instruct);
    if (!body.ok) {
      this.fail(body.message);
      return;
    }
    this.#stream.write(new OwnChunk(body.value));
    this.begin();
  }

  /** Sends a part of content that comes in parts. False: `resume` is called when there is room again. */
  writeContent(content: Uint8Array, resume: () => void): boolean {
    this.#stream.write(new OwnChunk(content));
    this.#stream.flush();
    if (this.#stream.blocked) this.#sourceResume = resume;
    this.#account();
    return !this.#stream.blocked;
  }

  /** The origin's own content has been sent: what does its instruct say to do next? */
  begin(): void {
    if (this.#state === 'closed') return;
    const added = this.subscribe();
    // Whoever hears of a subscription, or of the hold, may end it.
    if (this.#isClosed || this.#endsWithProxy() || this.#failsWithoutLink()) return;
    const { hub } = this.request.services;
    if (this.instruct.hold === 'none') {
      this.#state = 'fetching';
      hub.hold(this);
      if (!this.#isClosed) this.#fetch();
    } else {
      this.#hold();
      hub.hold(this);
      if (this.hasMissedItems(added)) this.recover();
    }
  }

  takes({ item }: PublishedItem): boolean {
    return this.#state !== 'closed' && item.httpStream !== undefined;
  }

  deliver(published: PublishedItem, subscription: Subscription): Outcome {
    const format = published.item.httpStream;
    if (format === undefined) return undefined;
    switch (this.#state) {
      case 'holding':
        return this.#process(published, subscription);
      case 'waiting':
      case 'fetching':
        if (format.action === 'hint') {
          this.#update('high');
          return 'queued';
        }
        return this.#keepForLater(published, subscription);
      case 'draining':
        // The next link will bring it; but an end is no content.
        return format.action === 'close' ? this.#keepForLater(published, subscription) : 'queued';
      default:
        return undefined;
    }
  }

  recover(): void {
    this.#update('low');
  }

  runUpdate(): void {
    if (this.#state !== 'waiting') return;
    if (this.#stream.blocked) this.#state = 'draining';
    else this.#fetch();
  }

  onClientGone(): void {
    this.#finish('client');
  }

  onClientDrained(): void {
    this.#stream.onClientDrained();
  }

  get given(): number {
    return this.#stream.given + this.#superseded + (this.#conflation?.bytes ?? 0);
  }

  /** What a link is to bring, nobody can count. */
  get unsent(): number {
    const recovers = this.#state === 'waiting' || this.#state === 'draining' || this.#state === 'fetching';
    return recovers ? Number.POSITIVE_INFINITY : this.#stream.unsent + (this.#conflation?.bytes ?? 0);
  }

  get over(): boolean {
    return this.#state === 'closed' && this.request.client.gone;
  }

  get waitingBytes(): number {
    return this.#stream.waitingBytes + (this.#conflation?.bytes ?? 0);
  }

  get progress(): number {
    return this.request.client.progress;
  }

  onStreamBlocked(): void {
    this.#account();
  }

  onStreamOver(): void {
    this.request.services.backlog.remove(this);
  }

  shed(): void {
    if (this.#state === 'closed') this.request.client.abort();
    else if (this.#state === 'holding') this.#overflow('ceiling', undefined);
    else this.#cutSlow('ceiling', undefined);
  }

  stalled(): void {
    if (this.#state === 'closed') this.request.client.abort();
    else this.#cutSlow('stall', undefined);
  }

  onStreamDrained(): void {
    this.request.services.backlog.remove(this);
    this.#writeConflated();
    const resume = this.#sourceResume;
    this.#sourceResume = undefined;
    resume?.();
    if (this.#state === 'draining') this.#fetch();
  }

  /** No word for a while: has something been missed? Not if every channel has had items since. */
  onTimer(): void {
    const { nextLink } = this.instruct;
    if (nextLink === undefined) return;
    const subscriptions = [...this.subscriptions.values()];
    const active = subscriptions.length > 0 && subscriptions.every((subscription) => subscription.active);
    if (!active) {
      this.recover();
      return;
    }
    for (const subscription of subscriptions) subscription.active = false;
    this.request.services.timers.start(this.#linkTimer, nextLink.timeoutSeconds * 1000);
  }

  /** The next link has been asked, its content sent: its instruct replaces the one before. */
  onLinkDone(instruct: Instruct): void {
    if (instruct.hold === 'none' && instruct.nextLink === undefined) {
      this.end();
      return;
    }
    this.instruct = instruct;
    this.#keepAlive.use(instruct.keepAlive);
    const added = this.subscribe();
    if (this.#isClosed || this.#endsWithProxy()) return;
    if (instruct.hold === 'none') {
      if (this.#stream.blocked) this.#state = 'draining';
      else this.#fetch();
      return;
    }
    if (this.#failsWithoutLink()) return;
    this.#hold();
    this.#processWaiting();
    if (this.#state === 'holding' && (this.#updateAgain || this.hasMissedItems(added))) this.recover();
  }

  /** The link's content begins: it says by itself that the stream is alive. */
  onLinkContent(): void {
    this.#keepAlive.stop();
  }

  /** Ends the body properly. */
  end(why: HoldEnd = 'ended'): void {
    if (this.#state === 'closed') return;
    this.#finish(why);
    this.#writeConflated();
    this.#stream.end();
    // A slow client may take its time for the rest, but not for ever.
    this.#account();
  }

  /** Content that is being sent comes to its end first: half an event is worse than none. */
  close(): void {
    const sends = this.#state === 'opening' || (this.#state === 'fetching' && this.#links.isSending);
    if (!sends) this.end('closing');
  }

  abort(why: HoldEnd = 'error'): void {
    this.#finish(why);
    this.request.client.abort();
  }

  /** Cuts the body, since the origin's content broke off: the client must not take it for whole. */
  cut(detail: string): void {
    if (this.#state === 'closed') return;
    this.request.services.logger.info({ uri: this.request.uri, detail }, 'stream cut');
    this.abort();
  }

  /** Ends the body because something went wrong; in debug mode it says what. */
  fail(detail: string): void {
    if (this.#state === 'closed') return;
    const { services, debug, uri } = this.request;
    services.logger.info({ uri, detail }, 'stream ended');
    if (debug) this.#stream.write(new OwnChunk(Buffer.from(`\n\n${detail}\n`)));
    this.end('error');
  }

  /** While content was being sent, the proxy has begun to close. */
  #endsWithProxy(): boolean {
    const { closed } = this.request.services.hub;
    if (closed) this.end('closing');
    return closed;
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Ids tell that something was missed; without a link nobody could bring it. */
  #failsWithoutLink(): boolean {
    if (this.instruct.nextLink !== undefined) return false;
    const numbered = [...this.subscriptions.values()].find(({ prevId }) => prevId !== undefined);
    if (numbered === undefined) return false;
    this.fail(`channel '${numbered.name}' specifies prev-id, but no next link found`);
    return true;
  }

  #hold(): void {
    this.#state = 'holding';
    const { nextLink } = this.instruct;
    const { timers, clock } = this.request.services;
    if (this.#recoveredAt === Number.POSITIVE_INFINITY) this.#recoveredAt = clock.now();
    this.#keepAlive.start();
    if (nextLink !== undefined) timers.start(this.#linkTimer, nextLink.timeoutSeconds * 1000);
  }

  #process(published: PublishedItem, subscription: Subscription): Outcome {
    const { item } = published;
    const format = item.httpStream;
    if (format === undefined) return undefined;
    const verdict = this.check(
      item,
      subscription,
      format.action === 'send' ? format.contentFilters : undefined,
    );
    if (verdict === 'missed') {
      this.recover();
      // Whether the link covers it is known only then.
      return this.#state === 'waiting' ? this.#keepForLater(published, subscription) : 'queued';
    }
    if (verdict !== 'pass') return verdict;
    if (format.action === 'send') return this.#send(published, subscription);
    // A hint does not count as received: it carries nothing, and Grip-Last must tell what the client really has.
    if (format.action === 'hint') this.#update('high');
    else this.advance(item, subscription);
    if (format.action === 'close') this.end();
    return 'delivered';
  }

  #send(published: PublishedItem, subscription: Subscription): Outcome {
    const { item } = published;
    const chunk = this.#chunkFor(published, subscription);
    if (chunk === undefined) return 'dropped';
    let conflation = this.#conflation;
    if (conflation !== undefined && this.#policyFor(subscription) !== 'conflate') conflation = undefined;
    if (conflation === undefined && !this.#hasRoomFor(chunk)) {
      const outcome = this.#overflow('queue', subscription);
      if (outcome !== 'conflate') return outcome;
      conflation = this.#conflation;
    }
    // While room was made, it may have turned out to be too slow; and whoever hears of that may have ended it.
    if (this.#state !== 'holding') return this.#isClosed ? 'dropped' : 'queued';
    const wasBlocked = this.#stream.blocked;
    if (conflation === undefined) this.#stream.write(chunk, markFor(subscription));
    else if (!this.#conflate(chunk, subscription, conflation)) return 'dropped';
    this.advance(item, subscription);
    subscription.active = true;
    this.#keepAlive.onItem();
    if (!wasBlocked) {
      this.#noteKeptUp();
      return 'delivered';
    }
    this.#account();
    return this.#isClosed ? 'dropped' : 'queued';
  }

  #noteKeptUp(): void {
    if (this.#overflows === 0) return;
    const { clock } = this.request.services;
    if (clock.now() - this.#recoveredAt >= CATCH_UP_TIME) this.#overflows = 0;
  }

  #takeConflated(): readonly ConflatedChunk[] {
    const kept = this.#conflation?.take() ?? [];
    this.#conflation = undefined;
    return kept;
  }

  #writeConflated(): void {
    for (const { chunk, mark } of this.#takeConflated()) this.#stream.write(chunk, mark);
  }

  /** False: not even the newest items have room. */
  #conflate(chunk: StreamChunk, subscription: Subscription, conflation: Conflation<ConflatedChunk>): boolean {
    const { channel } = subscription;
    // Without it, the channel has again what it had before the first of those that it stands for.
    const before = conflation.get(channel);
    const mark = before === undefined ? markFor(subscription) : before.mark;
    this.#superseded += conflation.put(channel, { chunk, mark }, chunk.content.length);
    if (conflation.bytes <= this.request.limits.queueBytes) return true;
    this.#cutSlow('queue', channel);
    return false;
  }

  /** Only a slow client runs out of room: for others, what has come in this turn goes out first, however much it is. */
  #hasRoomFor(chunk: StreamChunk): boolean {
    const fits = (): boolean =>
      this.#stream.pendingBytes === 0 ||
      this.#stream.pendingBytes + chunk.content.length <= this.request.limits.queueBytes;
    if (fits()) return true;
    this.#stream.flush();
    return fits();
  }

  /** The bytes of an item for this session: shared with others, unless a filter changes them. */
  #chunkFor(published: PublishedItem, subscription: Subscription): StreamChunk | undefined {
    const shared = published.streamChunk;
    if (!changesContent(subscription.filters)) return shared;
    const content = filterContent(shared.content, subscription.filters, this.instruct.meta, this.prevIdOf);
    if (content.ok) return new OwnChunk(content.value);
    this.noteFilterError(published.item, content.message);
    return undefined;
  }

  /** Of one channel, or of what is said of all. */
  #policyFor(subscription: Subscription | undefined): SlowClientPolicy {
    const { slowClient } = this.instruct;
    const own = subscription === undefined ? undefined : slowClient?.channels.get(subscription.name);
    return own ?? slowClient?.all ?? this.request.limits.policy ?? 'recover';
  }

  /** The client is too slow. Where the origin can fill the gap, it will; elsewhere the client must see that there is one. */
  #overflow(reason: OverflowReason, subscription: Subscription | undefined): Outcome | 'conflate' {
    const policy = this.#policyFor(subscription);
    const channel = subscription?.channel;
    if (policy === 'conflate' && reason === 'queue') {
      this.#conflation = new Conflation();
      this.#note(reason, policy, channel);
      return 'conflate';
    }
    const canRecover = this.instruct.nextLink !== undefined && this.#overflows < MAX_OVERFLOWS;
    if (policy !== 'recover' || !canRecover) {
      this.#cutSlow(reason, channel);
      return 'dropped';
    }
    this.#overflows++;
    this.#recoveredAt = Number.POSITIVE_INFINITY;
    this.request.services.timers.stop(this.#linkTimer);
    this.#state = 'draining';
    this.#note(reason, policy, channel);
    // Whoever hears of it may have ended the hold.
    if (this.#isClosed) return 'dropped';
    this.#takeBack();
    this.#account();
    return this.#isClosed ? 'dropped' : 'queued';
  }

  /** Drops what waits of numbered channels: they have again what they had before. */
  #takeBack(): void {
    const conflated = this.#takeConflated();
    const marks = this.#stream.drop() as Mark[];
    for (const { mark } of conflated) if (mark !== undefined) marks.push(mark);
    // The last one first, since each tells what its channel had before it.
    for (const { subscription, prevId } of marks.reverse()) subscription.prevId = prevId;
    // What has no number cannot be asked for.
    for (const { chunk, mark } of conflated) if (mark === undefined) this.#stream.write(chunk);
  }

  /** Ends the connection so that the client sees that something is missing. */
  #cutSlow(reason: OverflowReason, channel: string | undefined): void {
    // Whoever hears of it may publish.
    if (this.#isTooSlow) return;
    this.#isTooSlow = true;
    this.#note(reason, 'close', channel);
    this.abort('slow');
  }

  #note(reason: OverflowReason, action: SlowClientPolicy, channel: string | undefined): void {
    const fields = { uri: this.request.uri, channel, bytes: this.waitingBytes };
    this.request.services.slowClients.note(this, reason, action, fields);
  }

  #account(): void {
    this.request.services.backlog.update(this);
  }

  #update(priority: 'low' | 'high'): void {
    if (this.instruct.nextLink === undefined) return;
    if (this.#state === 'fetching') this.#updateAgain = true;
    if (this.#state === 'holding') {
      this.request.services.timers.stop(this.#linkTimer);
      this.#state = 'waiting';
      this.#waiting.clear();
      if (priority === 'low') this.request.services.limiter.add(this);
    }
    if (this.#state !== 'waiting' || priority === 'low') return;
    this.request.services.limiter.remove(this);
    this.runUpdate();
  }

  #fetch(): void {
    const { nextLink } = this.instruct;
    if (nextLink === undefined) {
      this.end();
      return;
    }
    this.#state = 'fetching';
    this.#updateAgain = false;
    this.request.services.timers.stop(this.#linkTimer);
    this.#links.follow(nextLink.uri, this.gripLast());
  }

  #keepForLater(published: PublishedItem, subscription: Subscription): Outcome {
    // Asking once more, after this time, brings what there is no room for.
    if (!this.#waiting.add(published, subscription)) this.#updateAgain = true;
    return 'queued';
  }

  /** What came meanwhile: the link's content covers it up to the first item that connects. */
  #processWaiting(): void {
    const covered = new Map<Subscription, string>();
    let connected = false;
    for (const { published, subscription } of this.#waiting.take()) {
      const { item } = published;
      const current = this.subscriptions.get(subscription.channel);
      if (current === undefined) continue;
      connected ||= current.prevId === undefined || current.prevId === item.prevId;
      if (connected) {
        covered.delete(current);
        this.deliver(published, current);
      } else if (item.id !== undefined) {
        covered.set(current, item.id);
      }
    }
    // The content ends elsewhere than with the last of them: it may be older than that.
    for (const [{ prevId }, id] of covered) if (prevId !== id) this.#updateAgain = true;
  }

  #finish(why: HoldEnd): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'opening') this.request.dropContent();
    this.request.services.backlog.remove(this);
    this.#state = 'closed';
    const { hub, timers, limiter } = this.request.services;
    this.#keepAlive.stop();
    timers.stop(this.#linkTimer);
    limiter.remove(this);
    this.#links.close();
    this.#waiting.clear();
    this.release(why);
    this.unsubscribe();
    hub.removeSession(this);
  }
}

/** What a numbered channel had before a chunk that waits: without the chunk, it has that again. */
interface Mark {
  readonly subscription: Subscription;
  readonly prevId: string;
}

/** A chunk that stands for all that its channel has had since the client was too slow. */
interface ConflatedChunk {
  readonly chunk: StreamChunk;
  readonly mark: Mark | undefined;
}

function markFor(subscription: Subscription): Mark | undefined {
  return subscription.prevId === undefined ? undefined : { subscription, prevId: subscription.prevId };
}
