import type { SteadyClock } from '../clock.js';
import type { StallWatch } from '../http/stall-watch.js';
import type { Limits } from '../limits.js';
import type { OnError } from '../logger.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import type { CallCounter } from './call-counter.js';
import type { Exchange } from './exchange.js';
import type { UpstreamRequest } from './upstream.js';

/** What all origins of a proxy share. */
export interface UpstreamServices {
  /** Gets what a listener in place of an origin throws. */
  readonly onError: OnError;
  readonly calls: CallCounter;
  readonly timers: Timers;
  readonly clock: SteadyClock;
  readonly limits: Limits;
  /** Finds uploads that an origin does not take. */
  readonly stalls: StallWatch;
  /** The most requests that one origin is asked at a time, each on a connection of its own. */
  readonly connectionsPerOrigin: number;
  /** The most requests that wait for one of the connections. */
  readonly queuedPerOrigin: number;
  /** Milliseconds that they wait at most; 0: for ever. */
  readonly connectTimeout: number;
  /** Milliseconds that a connection is used; 0: for ever. */
  readonly connectionMaxAge: number;
}

/** The connections to an origin. */
export interface ConnectionPool {
  /** How many there are. */
  readonly connections: number;
  /** Sends a request on one of them. */
  dispatch(exchange: Exchange, request: UpstreamRequest): void;
}

interface Waiting {
  readonly request: UpstreamRequest;
  readonly since: number;
}

/**
 * Lets so many requests at a time through to one origin. Others wait: those of clients behind those that the proxy makes by
 * itself for the clients that it holds.
 */
export class ConnectionQueue implements TimerOwner {
  readonly #origin: string;
  readonly #services: UpstreamServices;
  readonly #pool: ConnectionPool;
  /** In the order in which they came. */
  readonly #own = new Map<Exchange, Waiting>();
  readonly #ofClients = new Map<Exchange, Waiting>();
  readonly #timer = new Timer(this);
  #busy = 0;
  /** How many of them have come to their end, and have connections that are not ready yet. */
  #resting = 0;
  /** How many of those have come to their end in this turn of the loop. */
  #freed = 0;

  /** `origin`: for messages. */
  constructor(origin: string, services: UpstreamServices, pool: ConnectionPool) {
    this.#origin = origin;
    this.#services = services;
    this.#pool = pool;
  }

  /** Sends a request as soon as a connection is free, or has it fail. */
  enter(exchange: Exchange, request: UpstreamRequest): void {
    if (this.#busy < this.#services.connectionsPerOrigin) {
      this.#busy++;
      this.#pool.dispatch(exchange, request);
      return;
    }
    const queue = request.isClients === true ? this.#ofClients : this.#own;
    if (queue.size >= this.#services.queuedPerOrigin + this.#resting) {
      this.#refuse(exchange, request, 'too many requests wait for a connection');
      return;
    }
    queue.set(exchange, { request, since: this.#services.clock.monotonic() });
    const { timers, connectTimeout } = this.#services;
    if (connectTimeout > 0 && !this.#timer.pending) timers.start(this.#timer, connectTimeout);
  }

  /** A request is given up that may wait. */
  abandon(exchange: Exchange): void {
    this.#ofClients.delete(exchange);
    this.#own.delete(exchange);
    this.#stopIfEmpty();
  }

  /** A request has let go of its connection. */
  leave(): void {
    // undici uses a connection again only in the next turn of the loop: until then it would open one more. That is no matter
    // where there are few, and none waits.
    if (!this.#hasWaiting && this.#pool.connections * 2 < this.#services.connectionsPerOrigin) {
      this.#busy--;
      return;
    }
    this.#resting++;
    if (this.#freed++ === 0) setImmediate(() => this.#rest());
  }

  /** Has all that wait fail. */
  close(): void {
    for (const queue of [this.#own, this.#ofClients]) {
      for (const exchange of [...queue.keys()]) exchange.fail({ kind: 'broken', detail: 'the proxy closes' });
      queue.clear();
    }
    this.#stopIfEmpty();
  }

  /** Those that have waited too long. */
  onTimer(): void {
    const { timers, clock, connectTimeout } = this.#services;
    const last = clock.monotonic() - connectTimeout;
    let next = Number.POSITIVE_INFINITY;
    for (const queue of [this.#own, this.#ofClients]) {
      for (const [exchange, { request, since }] of queue) {
        if (since > last) {
          next = Math.min(next, since);
          break;
        }
        queue.delete(exchange);
        this.#refuse(exchange, request, 'no connection became free in time');
      }
    }
    if (this.#hasWaiting) timers.start(this.#timer, next - last);
  }

  get #hasWaiting(): boolean {
    return this.#ofClients.size > 0 || this.#own.size > 0;
  }

  #rest(): void {
    const rested = this.#freed;
    this.#freed = 0;
    setImmediate(() => this.#wake(rested));
  }

  #wake(rested: number): void {
    this.#resting -= rested;
    this.#busy -= rested;
    for (const queue of [this.#own, this.#ofClients]) {
      for (const [exchange, { request }] of queue) {
        if (this.#busy >= this.#services.connectionsPerOrigin) return;
        queue.delete(exchange);
        this.#busy++;
        this.#pool.dispatch(exchange, request);
      }
    }
    this.#stopIfEmpty();
  }

  #refuse(exchange: Exchange, { method, path }: UpstreamRequest, detail: string): void {
    this.#services.limits.reached('queued', { origin: this.#origin, method, path, detail });
    // Whoever asks does not expect an answer before it has asked.
    queueMicrotask(() => exchange.fail({ kind: 'busy', detail: `${this.#origin}: ${detail}` }));
  }

  #stopIfEmpty(): void {
    if (!this.#hasWaiting) this.#services.timers.stop(this.#timer);
  }
}
