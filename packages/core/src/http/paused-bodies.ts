import type { IncomingMessage } from 'node:http';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { isReset } from './node-connection.js';

/** Milliseconds between two looks. */
const PERIOD = 1000;

/**
 * Requests whose bodies an origin does not take as fast as they come. A connection that is not read does not tell that its client
 * has left: this asks the system, once a second.
 */
export class PausedBodies implements TimerOwner {
  readonly #requests = new Set<IncomingMessage>();
  readonly #timers: Timers;
  readonly #timer = new Timer(this);

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Takes a request that is paused now and then. */
  add(req: IncomingMessage): void {
    this.#requests.add(req);
    if (!this.#timer.pending) this.#timers.start(this.#timer, PERIOD);
  }

  remove(req: IncomingMessage): void {
    if (this.#requests.delete(req) && this.#requests.size === 0) this.#timers.stop(this.#timer);
  }

  onTimer(): void {
    for (const { socket } of this.#requests) if (isReset(socket)) socket.destroy();
    if (this.#requests.size > 0) this.#timers.start(this.#timer, PERIOD);
  }
}
