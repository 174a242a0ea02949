import { type HeaderList, headerValue, headerValues, isInstruct } from '@p-8/protocol';
import type { SteadyClock } from '../clock.js';
import { PART_COST } from '../heap-cost.js';
import type { OnError } from '../logger.js';
import type { Destination, Origin } from '../routing/origin.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from '../upstream/upstream.js';
import type { FollowUp } from './follow-ups.js';
import { HANG_TIME, type OriginGate } from './origin-gate.js';

/** The most bytes of a response that are kept for those who ask for it later, while it still comes in. */
const MAX_KEPT = 100_000;

/** The most bytes that one client may be behind the others that share an answer. */
const MAX_BEHIND = 1_048_576;

/**
 * What origins are being asked for held clients. One lost item can make every client of a channel ask the same at once: equal
 * requests share one answer. Equal are next links that have the same whole URI and the same `Grip-Last`: two streams that have
 * not the same items get answers of their own. Of the clients' own requests, equal are those that an origin could not tell apart.
 * A request that hangs must not take others along: those who come later than a while ask anew, and what its time-out ends is asked
 * again, a link by each stream, a retry once for all.
 */
export class SharedRequests {
  readonly #gate: OriginGate;
  readonly #clock: SteadyClock;
  readonly #onError: OnError;
  readonly #calls = new WeakMap<Origin, Map<string, SharedCall>>();

  /** `onError` gets what a client's handler throws; the others get the answer all the same. */
  constructor(gate: OriginGate, clock: SteadyClock, onError: OnError) {
    this.#gate = gate;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Asks for a link, or takes part in what another stream has asked. */
  link(
    origin: Origin,
    uri: string,
    gripLast: HeaderList,
    destination: Destination,
    handler: UpstreamHandler,
  ): UpstreamCall {
    const followUp = { ...destination, uri, isRetry: false, readsJson: origin.jsonInstructs };
    return this.#share(origin, JSON.stringify(['link', uri, ...gripLast]), followUp, handler);
  }

  /** Asks a client's own request once more, or takes part in what another client has asked. */
  retry(origin: Origin, uri: string, destination: Destination, handler: UpstreamHandler): UpstreamCall {
    const { request } = destination;
    const followUp = { ...destination, uri, isRetry: true, readsJson: origin.jsonInstructs };
    if (origin.seesClients || !isAnonymous(request)) return this.#gate.send(origin, followUp, handler);
    const key = JSON.stringify(['retry', request.path, ...request.headers]);
    return this.#share(origin, key, followUp, handler);
  }

  #share(origin: Origin, key: string, followUp: FollowUp, handler: UpstreamHandler): UpstreamCall {
    const calls = this.#callsTo(origin);
    const running = calls.get(key);
    if (running?.mayHang === false) return running.join(handler);
    const close = (): void => {
      if (calls.get(key) === call) calls.delete(key);
    };
    const ask = (asker: UpstreamHandler): UpstreamCall => this.#gate.send(origin, followUp, asker);
    const call = new SharedCall(ask, followUp, this.#clock, this.#onError, close);
    calls.set(key, call);
    const member = call.join(handler);
    call.send();
    return member;
  }

  #callsTo(origin: Origin): Map<string, SharedCall> {
    let calls = this.#calls.get(origin);
    if (calls === undefined) {
      calls = new Map();
      this.#calls.set(origin, calls);
    }
    return calls;
  }
}

/** Whether nothing in a request says whose it is, and it changes nothing: RFC 9110 9.2.1. */
function isAnonymous({ method, headers, body }: UpstreamRequest): boolean {
  const hasBody = body !== null && !(body instanceof Uint8Array && body.length === 0);
  const hasCredentials =
    headerValue(headers, 'cookie') !== undefined || headerValue(headers, 'authorization') !== undefined;
  return method === 'GET' && !hasBody && !hasCredentials;
}

/**
 * Whether several clients may get an answer to their own requests: not one that is for one of them only, RFC 9111 5.2.2.5, 5.2.2.7;
 * nor one that may be large, since those who take it slowly would be cut off.
 */
function isShareable(headers: HeaderList, readsJson: boolean): boolean {
  const control = headerValues(headers, 'cache-control').join(',');
  if (/(?:^|[\s,])(?:private|no-store)\b/i.test(control)) return false;
  if (headerValue(headers, 'set-cookie') !== undefined) return false;
  const length = headerValue(headers, 'content-length');
  return isInstruct(headers, readsJson) || (length !== undefined && Number(length) <= MAX_KEPT);
}

/** What has come of an answer, in order: its head, parts of its body, and its end. */
interface Part {
  /** That a part of the body takes. */
  readonly bytes: number;
  /** False: the client takes no more for now. */
  tell(handler: UpstreamHandler): boolean;
}

/** One request whose answer several clients get, each at its own pace. */
class SharedCall implements UpstreamHandler {
  readonly #ask: (asker: UpstreamHandler) => UpstreamCall;
  readonly #isRetry: boolean;
  readonly #readsJson: boolean;
  readonly #clock: SteadyClock;
  readonly #onError: OnError;
  readonly #close: () => void;
  readonly #members = new Set<Member>();
  #source: UpstreamCall | undefined;
  #parts: Part[] = [];
  /** How many parts have been dropped, since every member has them. */
  #dropped = 0;
  #bytes = 0;
  #sentAt = 0;
  #headSeen = false;
  /** Its time was up, and it has been sent again. */
  #isRepeated = false;

  /**
   * @param ask sends the request, for all or for one of them
   * @param followUp what it sends; an answer to clients' own requests may turn out to be for the first client only
   * @param close called when nobody can join any more
   */
  constructor(
    ask: (asker: UpstreamHandler) => UpstreamCall,
    { isRetry, readsJson }: FollowUp,
    clock: SteadyClock,
    onError: OnError,
    close: () => void,
  ) {
    this.#ask = ask;
    this.#isRetry = isRetry;
    this.#readsJson = readsJson;
    this.#clock = clock;
    this.#onError = onError;
    this.#close = close;
  }

  /** It has had no answer for so long that those who come now had better ask by themselves. */
  get mayHang(): boolean {
    return !this.#headSeen && this.#clock.monotonic() - this.#sentAt >= HANG_TIME;
  }

  send(): void {
    this.#sentAt = this.#clock.monotonic();
    this.#source = this.#ask(this);
    if (this.#members.size === 0) this.#source.abort();
  }

  /** `handler` hears everything from the head on, but nothing before this call has returned. */
  join(handler: UpstreamHandler): UpstreamCall {
    const member = new Member(this, handler);
    this.#members.add(member);
    queueMicrotask(() => {
      member.started = true;
      this.advance(member);
    });
    return member;
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    if (this.#members.size > 0) {
      // It may have been the slowest one, for which the others waited.
      this.#dropTaken();
      return;
    }
    this.#close();
    this.#source?.abort();
  }

  /** Gives a member what it has not had, as far as it takes it. */
  advance(member: Member): void {
    while (this.#members.has(member) && !member.paused) {
      const part = this.#parts[member.position - this.#dropped];
      if (part === undefined) break;
      member.position++;
      member.taken += part.bytes;
      try {
        member.paused = !part.tell(member.handler);
      } catch (error) {
        this.#onError(error);
        this.leave(member);
      }
    }
    this.#dropTaken();
  }

  onHead(status: number, reason: string, headers: string[]): void {
    this.#headSeen = true;
    if (this.#isRetry) {
      this.#close();
      if (!isShareable(headers, this.#readsJson)) this.#part();
    }
    this.#add(0, (handler) => {
      handler.onHead(status, reason, headers);
      return true;
    });
  }

  onData(chunk: Buffer): boolean {
    // An origin may send a byte at a time.
    const cost = PART_COST + chunk.length;
    this.#bytes += cost;
    // Too much to keep for those who come later.
    if (this.#bytes > MAX_KEPT) this.#close();
    this.#add(cost, (handler) => handler.onData(chunk));
    if (!this.#isFull) this.#cutOffSlow();
    return !this.#isFull;
  }

  onEnd(trailers: HeaderList): void {
    this.#finish((handler) => handler.onEnd(trailers));
  }

  onError(error: UpstreamError): void {
    // Whose request it was is chance, and so is what became of that one.
    if (error.kind === 'timeout' && this.#isRetry && !this.#headSeen && !this.#isRepeated) {
      this.#isRepeated = true;
      this.send();
    } else this.#finish((handler) => handler.onError(error));
  }

  #finish(tell: (handler: UpstreamHandler) => void): void {
    this.#close();
    this.#source = undefined;
    this.#add(0, (handler) => {
      tell(handler);
      return true;
    });
  }

  #add(bytes: number, tell: Part['tell']): void {
    this.#parts.push({ bytes, tell });
    for (const member of [...this.#members]) if (member.started) this.advance(member);
  }

  /** The answer is for the first one only. */
  #part(): void {
    const [, ...others] = this.#members;
    for (const member of others) {
      this.#members.delete(member);
      member.alone = this.#ask(member.handler);
    }
  }

  /** Nobody takes more for now, and there is more than is worth keeping. */
  get #isFull(): boolean {
    return this.#bytes > MAX_KEPT && [...this.#members].every(({ paused }) => paused);
  }

  /** Those who fall far behind the others must not hold them up, nor fill the memory. */
  #cutOffSlow(): void {
    for (const member of [...this.#members]) {
      if (!member.paused || this.#bytes - member.taken <= MAX_BEHIND) continue;
      this.#members.delete(member);
      try {
        member.handler.onError({ kind: 'broken', detail: 'too slow for an answer that others share' });
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** What is beyond keeping, and has been taken by all, goes. */
  #dropTaken(): void {
    if (this.#bytes <= MAX_KEPT) return;
    const positions = [...this.#members].map(({ position }) => position);
    const taken = Math.min(...positions, this.#dropped + this.#parts.length) - this.#dropped;
    this.#parts.splice(0, taken);
    this.#dropped += taken;
    if (!this.#isFull) this.#source?.resume();
  }
}

/** One client's part in a shared call. */
class Member implements UpstreamCall {
  readonly handler: UpstreamHandler;
  readonly #call: SharedCall;
  /** How many parts of the answer it has had. */
  position = 0;
  /** Bytes of the body that it has had. */
  taken = 0;
  paused = false;
  started = false;
  /** Asked by itself, after all. */
  alone: UpstreamCall | undefined;

  constructor(call: SharedCall, handler: UpstreamHandler) {
    this.#call = call;
    this.handler = handler;
  }

  abort(): void {
    if (this.alone === undefined) this.#call.leave(this);
    else this.alone.abort();
  }

  resume(): void {
    this.paused = false;
    if (this.alone === undefined) this.#call.advance(this);
    else this.alone.resume();
  }
}
