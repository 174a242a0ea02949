import type { HeaderList } from '@p-8/protocol';
import type { OnError } from '../logger.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { PassingHandler } from './passing-handler.js';
import type { Upstream, UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** What an origin has to do in time: answer as a whole, or begin to, and go on without long pauses, or begin to, and that is all. */
export type TimeScope = 'whole' | 'parts' | 'head';

/** How long an origin may keep a request waiting. */
export interface TimeLimit {
  readonly timers: Timers;
  /** Milliseconds; twice as long between two parts of a body, since what has begun would be cut. */
  readonly ms: number;
  /** Once the head of the answer is known. Before it, all scopes are the same. */
  readonly scope: (headers: HeaderList) => TimeScope;
  /** The time is up; the handler hears of it next. */
  readonly onTimeout: () => void;
  /** Gets what the handler throws when it hears of it. */
  readonly onError: OnError;
}

/**
 * Turns of the event loop after the time is up, in which an answer may still be read: a process that has slept, or was busy,
 * finds its timers due before it has read what came meanwhile.
 */
const LAST_TURNS = 30;

/**
 * One request that is given up when its origin does not answer, or its answer does not go on. While those who take the body
 * pause it, no time passes.
 */
export class TimedCall extends PassingHandler implements UpstreamCall, TimerOwner {
  readonly #limit: TimeLimit;
  readonly #timer = new Timer(this);
  #call: UpstreamCall | undefined;
  #isOver = false;
  /** Undefined: there is no answer yet. */
  #scope: TimeScope | undefined;
  /** Changes whenever the time begins anew. */
  #moves = 0;

  private constructor(handler: UpstreamHandler, limit: TimeLimit) {
    super(handler);
    this.#limit = limit;
  }

  static send(
    upstream: Upstream,
    request: UpstreamRequest,
    handler: UpstreamHandler,
    limit: TimeLimit,
  ): UpstreamCall {
    const timed = new TimedCall(handler, limit);
    timed.#startTimer();
    timed.#call = upstream.send(request, timed);
    // It may have been answered already, and given up for what the answer was.
    if (timed.#isOver) timed.#call.abort();
    return timed;
  }

  abort(): void {
    this.#end();
    this.#call?.abort();
  }

  resume(): void {
    if (this.#scope === 'parts' && !this.#isOver) this.#startTimer();
    this.#call?.resume();
  }

  onTimer(): void {
    this.#waitTurns(LAST_TURNS);
  }

  override onHead(status: number, reason: string, headers: string[]): void {
    this.#scope = this.#limit.scope(headers);
    if (this.#scope === 'head') this.#stopTimer();
    if (this.#scope === 'parts') this.#startTimer();
    super.onHead(status, reason, headers);
  }

  override onData(chunk: Buffer): boolean {
    if (this.#scope === 'parts') this.#startTimer();
    const goesOn = super.onData(chunk);
    if (!goesOn && this.#scope === 'parts') this.#stopTimer();
    return goesOn;
  }

  override onEnd(trailers: HeaderList): void {
    this.#end();
    super.onEnd(trailers);
  }

  override onError(error: UpstreamError): void {
    this.#end();
    super.onError(error);
  }

  #waitTurns(left: number): void {
    const moves = this.#moves;
    setImmediate(() => {
      if (this.#isOver || this.#moves !== moves) return;
      if (left > 1) this.#waitTurns(left - 1);
      else this.#giveUp();
    });
  }

  #giveUp(): void {
    const { onTimeout, onError } = this.#limit;
    const what = this.#scope === 'parts' ? 'the answer did not go on' : 'there was no answer';
    this.abort();
    try {
      onTimeout();
      this.handler.onError({ kind: 'timeout', detail: `${what} within ${this.#ms} ms` });
    } catch (error) {
      onError(error);
    }
  }

  get #ms(): number {
    return this.#scope === 'parts' ? 2 * this.#limit.ms : this.#limit.ms;
  }

  #startTimer(): void {
    this.#moves++;
    this.#limit.timers.start(this.#timer, this.#ms);
  }

  #stopTimer(): void {
    this.#moves++;
    this.#limit.timers.stop(this.#timer);
  }

  #end(): void {
    this.#isOver = true;
    this.#stopTimer();
  }
}
