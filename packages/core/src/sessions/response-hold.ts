import {
  type BareAction,
  endToEndHeaders,
  type HttpResponseSend,
  headerValue,
  type Instruct,
  type Item,
} from '@p-8/protocol';
import type { HoldEnd } from '../hub/hold-info.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { RecoveryCause } from '../hub/recovery.js';
import type { Subscription } from '../hub/session.js';
import { Timer } from '../timers.js';
import { filterContent } from './content-filters.js';
import type { TurnOutcome } from './filter-line.js';
import { asksOrigin, isHttpFilter } from './filter-run.js';
import type { HeldRequest } from './held-request.js';
import { HttpHold } from './http-hold.js';
import { missedSinceAnswer, missedUpTo } from './missed-items.js';

const NO_CONTENT = new Uint8Array(0);

/** `waiting`: the origin is going to be asked again; `closed`: the client has its response, or is gone. */
type State = 'holding' | 'waiting' | 'closed';

/** A long-poll: the client waits until one item answers it, or the time is up. */
export class ResponseHold extends HttpHold {
  protected readonly request: HeldRequest;
  #state: State = 'holding';
  readonly #timer = new Timer(this);

  constructor(request: HeldRequest, instruct: Instruct) {
    super(instruct);
    this.request = request;
    request.client.owner = this;
    request.client.hold();
    request.services.hub.addSession(this);
  }

  /** Subscribes in one go with the check for items that came meanwhile: none can slip between. */
  open(): void {
    const added = this.subscribe();
    // Whoever hears of a subscription may publish: it may be answered already.
    if (this.#state === 'closed') return;
    const { timers, hub } = this.request.services;
    const missed = missedSinceAnswer(hub, added);
    if (missed === 'unknown') {
      this.#retry();
      return;
    }
    timers.start(this.#timer, this.instruct.timeoutSeconds * 1000);
    hub.hold(this);
    if (missed.length > 0) this.catchUp(missed);
  }

  protected get mode(): 'response' {
    return 'response';
  }

  /** There is one response, and it has been given when the hold is at its end. */
  get given(): number {
    return 1;
  }

  get unsent(): number {
    return this.#state === 'closed' && this.request.client.finished ? 0 : 1;
  }

  get over(): boolean {
    return this.#state === 'closed' && this.request.client.gone;
  }

  takes({ item }: PublishedItem): boolean {
    return this.#state !== 'closed' && item.httpResponse !== undefined;
  }

  deliver(published: PublishedItem, subscription: Subscription): Outcome {
    if (published.item.httpResponse === undefined || this.#state === 'closed') return undefined;
    // The origin, asked again, will tell the client.
    if (this.#state === 'waiting') return 'queued';
    const outcome = this.deliverInTurn(published, subscription);
    if (outcome !== 'full') return outcome;
    this.recover('gap');
    return 'queued';
  }

  takeTurn(published: PublishedItem, subscription: Subscription, isLate = false): TurnOutcome {
    const { item } = published;
    const format = item.httpResponse;
    if (format === undefined) return undefined;
    // One item has answered the client, which comes back for the others; or the origin is going to tell it.
    if (this.#state !== 'holding') return 'queued';
    const verdict = this.check(
      item,
      subscription,
      format.action === 'send' ? format.contentFilters : undefined,
    );
    if (verdict === 'missed') return this.#missed(published, subscription, isLate);
    if (verdict !== 'pass') return verdict;
    const { filters } = subscription;
    if (format.action !== 'send') {
      if (asksOrigin(filters)) return this.filterRun(item, NO_CONTENT, filters.filter(isHttpFilter));
      return this.#act(item, format, subscription);
    }
    const content = format.body ?? this.#patched(format, item.channel);
    if (asksOrigin(filters)) return this.filterRun(item, content, filters);
    if (filters.length === 0) return this.#respond(format, content);
    const filtered = filterContent(content, filters, this.instruct.meta, (name) => this.prevIdOf(name));
    if (filtered.ok) return this.#respond(format, filtered.value);
    this.noteFilterError(item, filtered.message);
    return 'dropped';
  }

  protected onFiltered({ item }: PublishedItem, subscription: Subscription, content: Uint8Array): Outcome {
    const format = item.httpResponse;
    if (format === undefined) return undefined;
    return format.action === 'send' ? this.#respond(format, content) : this.#act(item, format, subscription);
  }

  recover(cause: RecoveryCause): void {
    if (this.#state !== 'holding') return;
    this.#state = 'waiting';
    this.closeLine('queued');
    this.request.services.timers.stop(this.#timer);
    this.request.services.limiter.add(this);
    this.beginRecovery(cause);
  }

  runUpdate(): void {
    this.#retry();
  }

  /** The time is up. */
  onTimer(): void {
    this.#respondWithoutItem('timeout');
  }

  close(): void {
    this.#respondWithoutItem('closing');
  }

  fail(detail: string): void {
    this.#finish('error');
    this.request.refuse(detail);
  }

  abort(): void {
    this.#finish('error');
    this.request.client.abort();
  }

  onClientGone(): void {
    this.#finish('client');
  }

  onClientDrained(): void {}

  /** Gives the client what the origin prepared for when nothing comes. */
  #respondWithoutItem(why: HoldEnd): void {
    // Whoever hears that another one ends may have answered this one.
    if (this.#state === 'closed') return;
    const { code, reason, headers, body } = this.instruct.response;
    this.#finish(why);
    this.request.respond(code, reason, headers, body);
  }

  /** What is no content. */
  #act(item: Item, { action }: BareAction, subscription: Subscription): Outcome {
    if (action === 'hint') {
      this.beginRecovery('hint');
      this.runUpdate();
    } else {
      this.advance(item, subscription);
    }
    return 'delivered';
  }

  #respond(format: HttpResponseSend, content: Uint8Array): Outcome {
    this.#finish('answered');
    const headers = mergeHeaders(this.instruct.response.headers, format.headers);
    this.request.respond(format.code, format.reason, headers, content);
    return 'delivered';
  }

  #patched({ bodyPatch = [] }: HttpResponseSend, channel: string): Uint8Array {
    return this.request.services.patchedBodies.patch(this.instruct.response.body, bodyPatch, channel);
  }

  /** @param isLate it has come from the items that are known here: what it does not connect to is not */
  #missed(published: PublishedItem, subscription: Subscription, isLate: boolean): TurnOutcome {
    const missed = isLate ? undefined : missedUpTo(this.request.services.hub, published, subscription);
    if (missed !== undefined) return this.catchUp(missed);
    this.recover('gap');
    return 'queued';
  }

  #retry(): void {
    this.endRecovery('retry');
    // Whoever hears of it may have ended the hold.
    if (this.#isClosed) return;
    const gripLast = this.gripLast();
    this.#finish('retry');
    this.request.retry(gripLast);
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #finish(why: HoldEnd): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.closeLine(why === 'retry' ? 'queued' : 'dropped');
    const { hub, timers, limiter } = this.request.services;
    timers.stop(this.#timer);
    limiter.remove(this);
    this.request.client.owner = undefined;
    this.release(why);
    this.unsubscribe();
    hub.removeSession(this);
  }
}

/** The hold's own fields, with those of the item in place of equal names. */
function mergeHeaders(base: readonly string[], own: readonly string[]): string[] {
  const merged: string[] = [];
  for (let i = 0; i + 1 < base.length; i += 2) {
    const name = base[i] ?? '';
    if (headerValue(own, name) === undefined) merged.push(name, base[i + 1] ?? '');
  }
  merged.push(...endToEndHeaders(own));
  return merged;
}
