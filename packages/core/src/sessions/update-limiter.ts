import type { Clock, ClockTimer } from '../clock.js';
import type { OnError } from '../logger.js';

/** A session that is to ask its origin again. */
export interface Updatable {
  /** Its turn has come. */
  runUpdate(): void;
}

/** Sessions that may ask their origins in one go, and how long until the next go. Source: Pushpin. */
const BATCH = 100;
const INTERVAL = 100;

/** Spreads recoveries over time: one lost item can make every session of a channel ask the origin at once. */
export class UpdateLimiter {
  readonly #clock: Clock;
  readonly #onError: OnError;
  readonly #queue = new Set<Updatable>();
  #timer: ClockTimer | undefined;

  constructor(clock: Clock, onError: OnError) {
    this.#clock = clock;
    this.#onError = onError;
  }

  add(session: Updatable): void {
    this.#queue.add(session);
    this.#timer ??= this.#clock.setTimeout(this.#run, INTERVAL);
  }

  remove(session: Updatable): void {
    this.#queue.delete(session);
    if (this.#queue.size === 0) this.close();
  }

  close(): void {
    this.#queue.clear();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    let count = 0;
    for (const session of this.#queue) {
      if (count++ === BATCH) break;
      this.#queue.delete(session);
      try {
        session.runUpdate();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#queue.size > 0) this.#timer ??= this.#clock.setTimeout(this.#run, INTERVAL);
  };
}
