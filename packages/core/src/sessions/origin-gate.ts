import type { OnError } from '../logger.js';
import type { Origin } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { PassingHandler } from '../upstream/passing-handler.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler } from '../upstream/upstream.js';
import type { FollowUp, FollowUps } from './follow-ups.js';

/** Milliseconds without any answer after which those that were sent do not count any more: an origin that hangs must not keep the others waiting. */
export const HANG_TIME = 10_000;

/**
 * Lets through so many requests at a time to one origin: thousands of clients may lack the same item at once. A request counts
 * until its answer begins; how long the rest takes is up to the client.
 */
export class OriginGate {
  readonly #max: number;
  readonly #followUps: FollowUps;
  readonly #timers: Timers;
  readonly #onError: OnError;
  readonly #queues = new WeakMap<Origin, GateQueue>();

  constructor(max: number, followUps: FollowUps, timers: Timers, onError: OnError) {
    this.#max = max;
    this.#followUps = followUps;
    this.#timers = timers;
    this.#onError = onError;
  }

  /** Sends a request as soon as it may. */
  send(origin: Origin, followUp: FollowUp, handler: UpstreamHandler): UpstreamCall {
    let queue = this.#queues.get(origin);
    if (queue === undefined) {
      queue = new GateQueue(this.#max, this.#timers, this.#onError);
      this.#queues.set(origin, queue);
    }
    const call = new GatedCall(queue, this.#followUps, followUp, handler);
    queue.add(call);
    return call;
  }
}

/** The requests to one origin. */
class GateQueue implements TimerOwner {
  readonly #max: number;
  readonly #timers: Timers;
  readonly #onError: OnError;
  readonly #waiting = new Set<GatedCall>();
  readonly #counted = new Set<GatedCall>();
  /** Runs while some have to wait. */
  readonly #timer = new Timer(this);

  constructor(max: number, timers: Timers, onError: OnError) {
    this.#max = max;
    this.#timers = timers;
    this.#onError = onError;
  }

  add(call: GatedCall): void {
    this.#waiting.add(call);
    this.#sendNext();
    if (this.#waiting.size > 0 && !this.#timer.pending) this.#timers.start(this.#timer, HANG_TIME);
  }

  /** It need not wait any more, or does not count any more. */
  remove(call: GatedCall): void {
    this.#waiting.delete(call);
    if (this.#counted.delete(call)) this.#goOn();
  }

  onTimer(): void {
    this.#counted.clear();
    this.#goOn();
  }

  #goOn(): void {
    this.#timers.stop(this.#timer);
    this.#sendNext();
    if (this.#waiting.size > 0) this.#timers.start(this.#timer, HANG_TIME);
  }

  #sendNext(): void {
    for (const call of this.#waiting) {
      if (this.#counted.size >= this.#max) return;
      this.#waiting.delete(call);
      this.#counted.add(call);
      try {
        call.start();
      } catch (error) {
        this.#onError(error);
        call.abort();
      }
    }
  }
}

class GatedCall extends PassingHandler implements UpstreamCall {
  readonly #queue: GateQueue;
  readonly #followUps: FollowUps;
  readonly #followUp: FollowUp;
  #aborted = false;
  #call: UpstreamCall | undefined;

  constructor(queue: GateQueue, followUps: FollowUps, followUp: FollowUp, handler: UpstreamHandler) {
    super(handler);
    this.#queue = queue;
    this.#followUps = followUps;
    this.#followUp = followUp;
  }

  start(): void {
    this.#call = this.#followUps.send(this.#followUp, this);
    // It may have been answered already, and given up for what the answer was.
    if (this.#aborted) this.#call.abort();
  }

  abort(): void {
    this.#aborted = true;
    this.#call?.abort();
    this.#queue.remove(this);
  }

  resume(): void {
    this.#call?.resume();
  }

  override onHead(status: number, reason: string, headers: string[]): void {
    this.#queue.remove(this);
    super.onHead(status, reason, headers);
  }

  override onError(error: UpstreamError): void {
    this.#queue.remove(this);
    super.onError(error);
  }
}
