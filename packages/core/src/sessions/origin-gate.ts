import type { HeaderList } from '@p-8/protocol';
import type { OnError } from '../logger.js';
import type { Destination, Origin } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import type { UpstreamCall, UpstreamError, UpstreamHandler } from '../upstream/upstream.js';

/** Milliseconds without any answer after which those that were sent do not count any more: an origin that hangs must not keep the others waiting. */
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
    if (this.#waiting.size > 0 && !this.#timer.pending) this.#timers.start(this.#timer, MAX_TIME);
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
    if (this.#waiting.size > 0) this.#timers.start(this.#timer, MAX_TIME);
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

class GatedCall implements UpstreamCall, UpstreamHandler {
  readonly #queue: GateQueue;
  readonly #destination: Destination;
  readonly #handler: UpstreamHandler;
  #aborted = false;
  #call: UpstreamCall | undefined;

  constructor(queue: GateQueue, destination: Destination, handler: UpstreamHandler) {
    this.#queue = queue;
    this.#destination = destination;
    this.#handler = handler;
  }

  start(): void {
    const { upstream, request } = this.#destination;
    this.#call = upstream.send(request, this);
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

  onInterim(status: number, headers: string[]): void {
    this.#handler.onInterim?.(status, headers);
  }

  onHead(status: number, reason: string, headers: string[]): void {
    this.#queue.remove(this);
    this.#handler.onHead(status, reason, headers);
  }

  onData(chunk: Buffer): boolean {
    return this.#handler.onData(chunk);
  }

  onEnd(trailers: HeaderList): void {
    this.#handler.onEnd(trailers);
  }

  onError(error: UpstreamError): void {
    this.#queue.remove(this);
    this.#handler.onError(error);
  }
}
