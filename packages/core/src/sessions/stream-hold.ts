import type { BareAction, Instruct, Item, NextLink } from '@p-8/protocol';
import type { ClientStream } from '../http/client-stream.js';
import { OwnChunk, type StreamChunk } from '../http/stream-chunk.js';
import type { HoldEnd } from '../hub/hold-info.js';
import type { OverflowReason } from '../hub/overflow.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { RecoveryCause } from '../hub/recovery.js';
import type { Subscription } from '../hub/session.js';
import { Timer } from '../timers.js';
import type { Backlogged } from './backlog.js';
import { changesContent, filterContent, filterResponseBody } from './content-filters.js';
import { replayEvents } from './event-replay.js';
import type { TurnOutcome } from './filter-line.js';
import { asksOrigin, isHttpFilter } from './filter-run.js';
import type { HeldRequest, StreamRequest } from './held-request.js';
import { HttpHold } from './http-hold.js';
import { LinkFollower } from './link-follower.js';
import { isAllKnown, missedSinceAnswer, missedSinceDrop, missedUpTo } from './missed-items.js';
import { SlowStream } from './slow-stream.js';
import { asksLinks, standingInstruct } from './standing-instruct.js';
import { StreamKeepAlive } from './stream-keep-alive.js';
import { StreamOutlet } from './stream-outlet.js';
import { WaitingItems } from './waiting-items.js';

/**
 * `opening`: the origin's own content is being sent. `holding`: items go straight to the client. `waiting`: the next
 * link is going to be asked, when it is due and the client has taken what is there; `draining`: something has been dropped, and
 * is made up for when a slow client has taken what is left; `fetching`: the link is being asked; `behind`: it has not answered for
 * a while, and items that need not wait for it go on. `closed`: the client has it all, or is gone.
 */
type State = 'opening' | 'holding' | 'waiting' | 'draining' | 'fetching' | 'behind' | 'closed';

/** A stream: the client gets the origin's content, then items as they come, until one of them closes it. */
export class StreamHold extends HttpHold implements Backlogged {
  protected request: StreamRequest;
  #currentState: State = 'opening';
  readonly #outlet: StreamOutlet;
  /** The outlet's. */
  readonly #stream: ClientStream;
  /** The request as it came, until the stream stands. */
  #opening: HeldRequest | undefined;
  // Most streams never need these: they are made when they do.
  #links: LinkFollower | undefined;
  #keepAlive: StreamKeepAlive | undefined;
  #waiting: WaitingItems | undefined;
  #linkTimer: Timer | undefined;
  #slow: SlowStream | undefined;
  /** The next link would be asked if the client had taken what there is. */
  #isDue = false;
  /** An update was asked for while one was under way. */
  #updateAgain = false;
  #sourceResume: (() => void) | undefined;
  /** What is published meanwhile comes from history too. */
  #isReplaying = false;
  /** It is known that the client lacks something, so what is newer must wait. */
  #lacks = false;
  /** Only the origin knows what is to come: something without a number was dropped, or there may be more than is known here. */
  #needsLink = false;
  /** Something without a number was dropped, or could not be taken: those that come next must not overtake it. */
  #hasDropped = false;

  /** Prepares the head. @throws TypeError when HTTP does not allow it. */
  constructor(request: HeldRequest, instruct: Instruct) {
    super(instruct);
    this.request = request;
    this.#opening = request;
    const { client, services } = request;
    const { code, reason, headers } = instruct.response;
    client.sendHead(code, reason, headers);
    this.#outlet = new StreamOutlet(request, this);
    this.#stream = this.#outlet.stream;
    client.owner = this;
    client.hold();
    services.hub.addSession(this);
  }

  /** Sends head and content of the origin, and holds. */
  open(): void {
    const body = filterResponseBody(this.instruct);
    if (!body.ok) {
      this.start();
      this.fail(body.message);
      return;
    }
    const chunk = new OwnChunk(body.value);
    this.#opening?.client.together(chunk.size, () => {
      this.start();
      this.#stream.writeNow(chunk);
    });
    this.begin();
  }

  /** Sends the head, before content that comes in parts. */
  start(): void {
    this.#opening?.client.flushHead();
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
      this.#stand();
      this.#state = 'fetching';
      hub.hold(this);
      if (!this.#isClosed) this.#fetch();
    } else {
      this.#hold();
      this.#replay();
      this.#stand();
      if (this.#isClosed) return;
      hub.hold(this);
      this.#makeUpFor(added);
    }
  }

  takes({ item }: PublishedItem): boolean {
    return this.#state !== 'closed' && item.httpStream !== undefined;
  }

  deliver(published: PublishedItem, subscription: Subscription): Outcome {
    return this.#isReplaying ? undefined : this.#take(published, subscription);
  }

  isPlain(subscription: Subscription): boolean {
    return (
      this.#state === 'holding' &&
      !this.#isReplaying &&
      !this.#stream.blocked &&
      !this.#outlet.conflates &&
      this.subscriptions.size === 1 &&
      subscription.prevId === undefined &&
      subscription.filters.length === 0
    );
  }

  takeBatch(chunk: StreamChunk, subscription: Subscription): void {
    if (this.#state !== 'holding') return;
    subscription.active = true;
    this.#keepAlive?.onItem();
    this.#slow?.onKeptUp();
    this.#stream.writeNow(chunk);
  }

  #take(published: PublishedItem, subscription: Subscription): Outcome {
    const format = published.item.httpStream;
    if (format === undefined) return undefined;
    switch (this.#state) {
      case 'holding': {
        const outcome = this.deliverInTurn(published, subscription);
        return outcome === 'full' ? this.#overflowLine(published, subscription) : outcome;
      }
      case 'waiting':
      case 'fetching':
        if (format.action === 'hint') {
          this.#update('hint');
          return 'queued';
        }
        return this.#keepForLater(published, subscription);
      case 'behind':
        return this.#takeBehind(published, subscription);
      case 'draining':
        // The next link will bring it, or what is known of it here; but an end is no content.
        if (format.action === 'close') return this.#keepForLater(published, subscription);
        if (!isAllKnown(this.request.services.hub, published, subscription)) this.#needsLink = true;
        return 'queued';
      default:
        return undefined;
    }
  }

  /** An item that comes while the client lacks others. */
  #takeBehind(published: PublishedItem, subscription: Subscription): Outcome {
    const { httpStream: format, prevId } = published.item;
    if (format?.action === 'hint') return 'queued';
    const isNumbered = subscription.prevId !== undefined;
    // What has no number comes after what was dropped before it.
    const mayGo = isNumbered ? subscription.prevId === prevId : !this.#hasDropped;
    if (!mayGo) return this.#keepForLater(published, subscription);
    const outcome = this.deliverInTurn(published, subscription);
    if (outcome !== 'full') return outcome;
    // There is no room behind filters: those that come next must not overtake it.
    this.#hasDropped = true;
    return this.#keepForLater(published, subscription);
  }

  takeTurn(published: PublishedItem, subscription: Subscription, isLate = false): TurnOutcome {
    if (this.#sendsItems) return this.#process(published, subscription, isLate);
    return this.#isClosed ? 'dropped' : this.#take(published, subscription);
  }

  recover(cause: RecoveryCause): void {
    this.#update(cause);
  }

  runUpdate(): void {
    if (this.#state !== 'waiting') return;
    // A slow client first takes what there is.
    if (this.#stream.blocked) this.#isDue = true;
    else this.#fetch();
  }

  onClientGone(): void {
    this.#finish('client');
  }

  onClientDrained(): void {
    this.#stream.onClientDrained();
  }

  get given(): number {
    return this.#outlet.given;
  }

  /** What a link is to bring, nobody can count. */
  get unsent(): number {
    const recovers =
      this.#state === 'waiting' ||
      this.#state === 'draining' ||
      this.#state === 'fetching' ||
      (this.#state === 'behind' && this.#waiting?.isEmpty === false);
    return recovers ? Number.POSITIVE_INFINITY : this.#outlet.unsent;
  }

  get over(): boolean {
    return this.#state === 'closed' && this.request.client.gone;
  }

  get waitingBytes(): number {
    return this.#outlet.waitingBytes;
  }

  get progress(): number {
    return this.request.client.progress;
  }

  onStreamBlocked(): void {
    this.single();
    this.#account();
  }

  onStreamOver(): void {
    this.request.services.backlog.remove(this);
  }

  shed(): void {
    if (this.#sendsItems) this.#overflow('ceiling', undefined);
    else this.#cutSlow('ceiling', undefined);
  }

  stalled(): void {
    this.#cutSlow('stall', undefined);
  }

  onStreamDrained(): void {
    this.request.services.backlog.remove(this);
    this.#outlet.writeConflated();
    const resume = this.#sourceResume;
    this.#sourceResume = undefined;
    resume?.();
    if (this.#state === 'draining') this.#makeUpForDropped();
    else if (this.#state === 'waiting' && this.#isDue) this.#fetch();
  }

  protected get mode(): 'stream' {
    return 'stream';
  }

  protected override get currentUri(): string {
    return this.#links?.base ?? this.request.uri;
  }

  /** No word for a while: has something been missed? Not if every channel has had items since. */
  onTimer(): void {
    const { nextLink } = this.instruct;
    if (nextLink === undefined) return;
    const subscriptions = this.subscriptions.values();
    const active = subscriptions.length > 0 && subscriptions.every((subscription) => subscription.active);
    if (!active) {
      this.recover('quiet');
      return;
    }
    for (const subscription of subscriptions) subscription.active = false;
    this.#startLinkTimer(nextLink);
  }

  /** The next link has been asked, its content sent: its instruct replaces the one before. */
  onLinkDone(instruct: Instruct): void {
    if (instruct.hold === 'none' && instruct.nextLink === undefined) {
      this.end();
      return;
    }
    this.instruct = instruct;
    this.#useKeepAlive();
    const added = this.subscribe();
    if (this.#isClosed || this.#endsWithProxy()) return;
    if (instruct.hold === 'none') {
      this.#state = 'waiting';
      this.runUpdate();
      return;
    }
    if (this.#failsWithoutLink()) return;
    this.#hold();
    this.endRecovery('link');
    this.#processWaiting();
    if (this.#state !== 'holding') return;
    if (this.#updateAgain) this.recover('gap');
    else this.#makeUpFor(added);
  }

  /** A hold that stands goes on while its next link cannot be had. */
  get stands(): boolean {
    return this.instruct.hold !== 'none';
  }

  /** The next link cannot be had for now, and will be asked again. @param failures how often in a row */
  onLinkFailed(failures: number): void {
    if (!this.#lacks || failures > 1) this.#goOn();
  }

  /** The next link has not been answered for a while. */
  onLinkSlow(): void {
    this.#goOn();
  }

  /** The next link is answered after all. False: the client has more than `gripLast` by now, of which the content may be a part. */
  takesAnswer(gripLast: readonly string[]): boolean {
    if (!this.#sendsItems) return true;
    if (gripLast.join() !== this.gripLast().join()) return false;
    this.#state = 'fetching';
    this.restartLine();
    return true;
  }

  /** The next link was answered too late. It is asked again, unless nothing is missing: all channels have had items since. */
  onLinkTooLate(): void {
    if (this.#state === 'behind') {
      this.#state = 'fetching';
      this.restartLine();
      this.#links?.ask(this.gripLast());
      return;
    }
    this.onTimer();
    if (this.#state === 'holding') this.endRecovery('recent');
  }

  /** Items that are not known to come after something that is missing need not wait. */
  #goOn(): void {
    if (this.#state !== 'fetching' || !this.stands) return;
    this.#state = this.#lacks ? 'behind' : 'holding';
    this.#keepAlive?.start();
    for (const { published, subscription } of this.#waiting?.take() ?? [])
      this.deliver(published, subscription);
  }

  /** The time has come to ask for the next link again. */
  onLinkDue(): void {
    if (this.#state === 'fetching' || this.#state === 'behind') {
      this.#links?.ask(this.gripLast());
    } else if (this.#state === 'holding') {
      this.#state = 'waiting';
      this.restartLine();
      this.runUpdate();
    }
  }

  /** The link's content begins: it says by itself that the stream is alive. */
  onLinkContent(): void {
    this.#keepAlive?.stop();
  }

  /** Ends the body properly. */
  end(why: HoldEnd = 'ended'): void {
    if (this.#state === 'closed') return;
    this.#finish(why);
    this.#outlet.writeConflated();
    this.#stream.end();
    // A slow client may take its time for the rest, but not for ever.
    this.#account();
  }

  /** Content that is being sent comes to its end first: half an event is worse than none. */
  close(): void {
    const sends =
      this.#state === 'opening' || (this.#state === 'fetching' && this.#links?.isSending === true);
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

  get #state(): State {
    return this.#currentState;
  }

  set #state(state: State) {
    if (this.#currentState === 'holding') this.single();
    this.#currentState = state;
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

  /** Items go to the client as they come: all, or those that may. */
  get #sendsItems(): boolean {
    return this.#state === 'holding' || this.#state === 'behind';
  }

  /** Ids tell that something was missed; without a link nobody could bring it. */
  #failsWithoutLink(): boolean {
    if (this.instruct.nextLink !== undefined) return false;
    const numbered = this.subscriptions.values().find(({ prevId }) => prevId !== undefined);
    if (numbered === undefined) return false;
    this.fail(`channel '${numbered.name}' specifies prev-id, but no next link found`);
    return true;
  }

  #hold(): void {
    this.#state = 'holding';
    this.#lacks = false;
    this.#needsLink = false;
    this.#hasDropped = false;
    this.#slow?.onHold();
    this.#useKeepAlive();
    this.#keepAlive?.start();
    const { nextLink } = this.instruct;
    if (nextLink !== undefined) this.#startLinkTimer(nextLink);
  }

  /** From now on only what a standing stream needs is kept. */
  #stand(): void {
    const opening = this.#opening;
    if (opening === undefined || this.#isClosed) return;
    this.#opening = undefined;
    this.request = opening.stand(asksLinks(this.instruct));
    this.request.client.owner = this;
    this.#stream.client = this.request.client;
    this.instruct = standingInstruct(this.instruct);
  }

  #useKeepAlive(): void {
    const { keepAlive } = this.instruct;
    if (keepAlive !== undefined) this.#keepAlive ??= new StreamKeepAlive(this.request.services, this.#stream);
    this.#keepAlive?.use(keepAlive);
  }

  #startLinkTimer({ timeoutSeconds }: NextLink): void {
    this.#linkTimer ??= new Timer(this);
    this.request.services.timers.start(this.#linkTimer, timeoutSeconds * 1000);
  }

  #stopLinkTimer(): void {
    if (this.#linkTimer !== undefined) this.request.services.timers.stop(this.#linkTimer);
  }

  /** What is done about a client that is too slow. */
  get #slowness(): SlowStream {
    this.#slow ??= new SlowStream(this.request, this);
    return this.#slow;
  }

  #replay(): void {
    const lastEventId = this.#opening?.lastEventId;
    if (lastEventId === undefined) return;
    const subscriptions = this.subscriptions.values();
    this.#isReplaying = true;
    replayEvents(
      this.request,
      lastEventId,
      this.instruct,
      subscriptions,
      this.#stream,
      (published, subscription) => this.#take(published, subscription),
    );
    this.#isReplaying = false;
  }

  #process(published: PublishedItem, subscription: Subscription, isLate: boolean): TurnOutcome {
    const { item } = published;
    const format = item.httpStream;
    if (format === undefined) return undefined;
    const verdict = this.check(
      item,
      subscription,
      format.action === 'send' ? format.contentFilters : undefined,
    );
    if (verdict === 'missed') return this.#missed(published, subscription, isLate);
    if (verdict !== 'pass') return verdict;
    const { filters } = subscription;
    const isContent = format.action === 'send';
    if (asksOrigin(filters)) {
      const asked = isContent ? filters : filters.filter(isHttpFilter);
      return this.filterRun(item, published.streamChunk.content, asked);
    }
    if (!isContent) return this.#act(item, format, subscription);
    const chunk = this.#chunkFor(published, subscription);
    return chunk === undefined ? 'dropped' : this.#send(item, subscription, chunk);
  }

  protected onFiltered({ item }: PublishedItem, subscription: Subscription, content: Uint8Array): Outcome {
    const format = item.httpStream;
    if (format === undefined) return undefined;
    return format.action === 'send'
      ? this.#send(item, subscription, new OwnChunk(content))
      : this.#act(item, format, subscription);
  }

  /** What is no content. */
  #act(item: Item, format: BareAction, subscription: Subscription): Outcome {
    // A hint does not count as received: it carries nothing, and Grip-Last must tell what the client really has.
    if (format.action === 'hint') this.#update('hint');
    else this.advance(item, subscription);
    if (format.action === 'close') this.end();
    return 'delivered';
  }

  #send(item: Item, subscription: Subscription, chunk: StreamChunk): Outcome {
    let conflates = this.#outlet.conflates && this.#slowness.conflates(subscription, this.instruct);
    const wasBlocked = this.#stream.blocked;
    if (!conflates && !this.#outlet.put(chunk, subscription)) {
      const outcome = this.#overflow('queue', subscription);
      if (outcome !== 'conflate') return outcome;
      conflates = true;
    }
    // While room was made, it may have turned out to be too slow; and whoever hears of that may have ended it.
    if (!this.#sendsItems) return this.#isClosed ? 'dropped' : 'queued';
    if (conflates && !this.#outlet.conflate(chunk, subscription)) {
      this.#cutSlow('queue', subscription.channel);
      return 'dropped';
    }
    this.advance(item, subscription);
    subscription.active = true;
    this.#keepAlive?.onItem();
    if (!wasBlocked) {
      this.#slow?.onKeptUp();
      return 'delivered';
    }
    this.#account();
    return this.#isClosed ? 'dropped' : 'queued';
  }

  /** The bytes of an item for this session: shared with others, unless a filter changes them. */
  #chunkFor(published: PublishedItem, subscription: Subscription): StreamChunk | undefined {
    const shared = published.streamChunk;
    if (!changesContent(subscription.filters)) return shared;
    const { meta } = this.instruct;
    const content = filterContent(shared.content, subscription.filters, meta, (name) => this.prevIdOf(name));
    if (content.ok) return new OwnChunk(content.value);
    this.noteFilterError(published.item, content.message);
    return undefined;
  }

  #overflow(reason: OverflowReason, subscription: Subscription | undefined): Outcome | 'conflate' {
    const action = this.#slowness.decide(reason, subscription, this.instruct, reason === 'queue');
    if (action === 'conflate') {
      this.#outlet.startConflation();
      return action;
    }
    if (action === 'close') this.abort('slow');
    if (this.#isClosed) return 'dropped';
    this.#stopLinkTimer();
    this.#links?.giveUp();
    this.#state = 'draining';
    this.#lacks = true;
    this.#hasDropped = true;
    if (subscription !== undefined && subscription.prevId === undefined) this.#needsLink = true;
    this.#outlet.takeBack();
    this.restartLine();
    this.beginRecovery('slow');
    this.#account();
    return this.#isClosed ? 'dropped' : 'queued';
  }

  /** Filters are so slow that no more items may wait for them: the same as a client that is too slow. */
  #overflowLine(published: PublishedItem, subscription: Subscription): Outcome {
    if (this.#slowness.decide('queue', subscription, this.instruct, false) === 'close') this.abort('slow');
    else this.recover('slow');
    return this.#isClosed ? 'dropped' : this.#take(published, subscription);
  }

  /** Ends the connection so that the client sees that something is missing. */
  #cutSlow(reason: OverflowReason, channel: string | undefined): void {
    this.#slowness.giveUp(reason, channel);
    this.abort('slow');
  }

  #account(): void {
    this.request.services.backlog.update(this);
  }

  /** Items that are known here make up for what new channels have missed; else the origin does. */
  #makeUpFor(added: readonly Subscription[]): void {
    const missed = missedSinceAnswer(this.request.services.hub, added);
    if (missed === 'unknown') this.recover('gap');
    else if (missed.length > 0) this.catchUp(missed);
  }

  /** The client has taken what it had, and lacks what was dropped. */
  #makeUpForDropped(): void {
    const { hub } = this.request.services;
    const missed = this.#needsLink ? undefined : missedSinceDrop(hub, this.subscriptions.values());
    if (missed === undefined) {
      this.#fetch();
      return;
    }
    this.#hold();
    this.catchUp(missed);
    this.#processWaiting();
  }

  /** @param isLate it has come from the items that are known here: what it does not connect to is not */
  #missed(published: PublishedItem, subscription: Subscription, isLate: boolean): TurnOutcome {
    const missed = isLate ? undefined : missedUpTo(this.request.services.hub, published, subscription);
    if (missed !== undefined) return this.catchUp(missed);
    if (this.#state === 'behind') return this.#keepForLater(published, subscription);
    this.recover('gap');
    // Whether the link covers it is known only then.
    return this.#state === 'waiting' ? this.#keepForLater(published, subscription) : 'queued';
  }

  #update(cause: RecoveryCause): void {
    if (this.instruct.nextLink === undefined) return;
    this.#needsLink = true;
    if (cause !== 'quiet') this.#lacks = true;
    if (this.#state === 'fetching' || this.#state === 'behind') this.#updateAgain = true;
    const isUrgent = cause === 'hint';
    if (this.#state === 'holding') {
      this.#stopLinkTimer();
      this.#links?.giveUp();
      this.#state = 'waiting';
      this.#waiting?.clear();
      if (!isUrgent) this.request.services.limiter.add(this);
      this.restartLine();
      this.beginRecovery(cause);
    }
    if (this.#state !== 'waiting' || !isUrgent) return;
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
    this.#isDue = false;
    this.#updateAgain = false;
    this.#stopLinkTimer();
    this.#links ??= new LinkFollower(this.request, this);
    this.#links.follow(nextLink.uri, this.gripLast());
  }

  #keepForLater(published: PublishedItem, subscription: Subscription): Outcome {
    this.#waiting ??= new WaitingItems(this.request.limits.queueBytes);
    const kept = this.#waiting.add(published, subscription);
    if (kept === 'full') {
      this.#cutSlow('queue', subscription.channel);
      return 'dropped';
    }
    // Asking once more, after this time, brings what there is no room for.
    if (kept === 'dropped') this.#updateAgain = true;
    return 'queued';
  }

  /** What came while the link was asked. */
  #processWaiting(): void {
    if (this.#waiting === undefined) return;
    const { items, isContentOld } = this.#waiting.takeUncovered((channel) => this.subscriptions.get(channel));
    for (const { published, subscription } of items) this.deliver(published, subscription);
    if (isContentOld) this.#updateAgain = true;
  }

  #finish(why: HoldEnd): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'opening') this.#opening?.dropContent();
    this.request.services.backlog.remove(this);
    this.#state = 'closed';
    this.closeLine('dropped');
    const { hub, limiter } = this.request.services;
    this.#keepAlive?.stop();
    this.#stopLinkTimer();
    limiter.remove(this);
    this.#links?.close();
    this.#waiting?.clear();
    this.release(why);
    this.unsubscribe();
    hub.removeSession(this);
  }
}
