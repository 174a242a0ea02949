import type { HeaderList } from '@p-8/protocol';
import type { OnError } from '../logger.js';
import type { Destination, Origin } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler } from '../upstream/upstream.js';

/** Milliseconds that a request counts for, at most: one that an origin never answers must not keep the others waiting. */
const MAX_TIME = 10_000;

/**
 * Lets through so many requests at a time to one origin: thousands of clients may lack the same item at once. A request counts
 * until its answer begins; how long the rest takes is up to the client.
 */
export class OriginGate {
  readonly #max: number;
  readonly #timers: Timers;
  readonly #onError: OnError;
  readonly #queues = new WeakMap<Origin, GateQueue>();

  constructor(max: number, timers: Timers, onError: OnError) {
    this.#max = max;
    this.#timers = timers;
    this.#onError = onError;
  }

  /** Sends a request as soon as it may. */
  send(origin: Origin, destination: Destination, handler: UpstreamHandler): UpstreamCall {
    let queue = this.#queues.get(origin);
    if (queue === undefined) {
      queue = new GateQueue(this.#max, this.#timers, this.#onError);
      this.#queues.set(origin, queue);
    }
    const call = new GatedCall(queue, destination, handler);
    queue.add(call);
    return call;
  }
}

/** The requests to one origin. */
class GateQueue {
  readonly timers: Timers;
  readonly #max: number;
  readonly #onError: OnError;
  readonly #waiting = new Set<GatedCall>();
  #active = 0;

  constructor(max: number, timers: Timers, onError: OnError) {
    this.#max = max;
    this.timers = timers;
    this.#onError = onError;
  }

  add(call: GatedCall): void {
    this.#waiting.add(call);
    this.#next();
  }

  /** It is not wanted any more. */
  remove(call: GatedCall): void {
    this.#waiting.delete(call);
  }

  /** One that was sent does not count any more. */
  leave(): void {
    this.#active--;
    this.#next();
  }

  #next(): void {
    for (const call of this.#waiting) {
      if (this.#active >= this.#max) return;
      this.#waiting.delete(call);
      this.#active++;
      try {
        call.start();
      } catch (error) {
        this.#onError(error);
        call.abort();
      }
    }
  }
}

/** `waiting` for its turn; `counted`: sent; `free`: it does not count any more, or was given up. */
type State = 'waiting' | 'counted' | 'free';

class GatedCall implements UpstreamCall, UpstreamHandler, TimerOwner {
  readonly #queue: GateQueue;
  readonly #destination: Destination;
  readonly #handler: UpstreamHandler;
  readonly #timer = new Timer(this);
  #state: State = 'waiting';
  #aborted = false;
  #call: UpstreamCall | undefined;

  constructor(queue: GateQueue, destination: Destination, handler: UpstreamHandler) {
    this.#queue = queue;
    this.#destination = destination;
    this.#handler = handler;
  }

  start(): void {
    const { upstream, request } = this.#destination;
    this.#state = 'counted';
    this.#queue.timers.start(this.#timer, MAX_TIME);
    this.#call = upstream.send(request, this);
    // It may have been answered already, and given up for what the answer was.
    if (this.#aborted) this.#call.abort();
  }

  abort(): void {
    this.#aborted = true;
    if (this.#state === 'waiting') this.#queue.remove(this);
    this.#call?.abort();
    this.#free();
  }

  resume(): void {
    this.#call?.resume();
  }

  onTimer(): void {
    this.#free();
  }

  onInterim(status: number, headers: string[]): void {
    this.#handler.onInterim?.(status, headers);
  }

  onHead(status: number, reason: string, headers: string[]): void {
    this.#free();
    this.#handler.onHead(status, reason, headers);
  }

  onData(chunk: Buffer): boolean {
    return this.#handler.onData(chunk);
  }

  onEnd(trailers: HeaderList): void {
    this.#free();
    this.#handler.onEnd(trailers);
  }

  onError(error: UpstreamError): void {
    this.#free();
    this.#handler.onError(error);
  }

  #free(): void {
    const counted = this.#state === 'counted';
    this.#state = 'free';
    if (!counted) return;
    this.#queue.timers.stop(this.#timer);
    this.#queue.leave();
  }
}
