import type { Clock, ClockTimer } from '../clock.js';
import type { OnError } from '../logger.js';

/** A request to a filter that waits until it may go out. */
export interface LimitedRequest {
  /** Whom it asks: those who ask different ones take turns. */
  readonly uri: string;
  /** Its turn has come. */
  send(): void;
}

/** Requests that may go out in one go, and milliseconds until the next go: 100 a second. Source: Pushpin 2.0. */
const BATCH = 5;
const INTERVAL = 50;

/** Requests that may wait: as many as are asked in 100 seconds. */
const MAX_WAITING = 10_000;

/**
 * Spreads requests to filters over time: one item can make every session of a channel ask. By turns of their URIs, so that one
 * large channel does not hold up the others.
 */
export class FilterLimiter {
  readonly #clock: Clock;
  readonly #onError: OnError;
  /** By URI, in the order of their turns. */
  readonly #queues = new Map<string, Set<LimitedRequest>>();
  #waiting = 0;
  /** Requests of the present interval. */
  #sent = 0;
  #timer: ClockTimer | undefined;

  /** `onError` gets what a request throws; the others are sent all the same. */
  constructor(clock: Clock, onError: OnError) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Sends a request at once, or as soon as it may be sent. False: too many wait already. */
  add(request: LimitedRequest): boolean {
    if (this.#waiting >= MAX_WAITING) return false;
    const queue = this.#queues.get(request.uri);
    if (queue === undefined) this.#queues.set(request.uri, new Set([request]));
    else queue.add(request);
    this.#waiting++;
    this.#sendSome();
    return true;
  }

  /** Nobody wants the answer any more. */
  remove(request: LimitedRequest): void {
    const queue = this.#queues.get(request.uri);
    if (queue === undefined || !queue.delete(request)) return;
    this.#waiting--;
    if (queue.size === 0) this.#queues.delete(request.uri);
  }

  close(): void {
    this.#queues.clear();
    this.#waiting = 0;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sendSome(): void {
    while (this.#sent < BATCH) {
      const request = this.#take();
      if (request === undefined) return;
      this.#sent++;
      this.#timer ??= this.#clock.setTimeout(this.#onInterval, INTERVAL);
      try {
        request.send();
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** The next one of the URI whose turn it is, which then has to wait for the others. */
  #take(): LimitedRequest | undefined {
    for (const [uri, queue] of this.#queues) {
      this.#queues.delete(uri);
      for (const request of queue) {
        queue.delete(request);
        this.#waiting--;
        if (queue.size > 0) this.#queues.set(uri, queue);
        return request;
      }
    }
    return undefined;
  }

  readonly #onInterval = (): void => {
    this.#timer = undefined;
    this.#sent = 0;
    this.#sendSome();
  };
}
