import type { OnError } from '../logger.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';

/** Something that waits for the other end of a connection, which may never move. */
export interface Stallable {
  /** Asked at each look: whether something waits for the other end at the moment. */
  stillWaits(): boolean;
  /** Changes whenever the other end takes, or sends, something. */
  readonly progress: number;
  /** The other end has not moved for as long as it may; the watch has forgotten about it. */
  stalled(): void;
}

interface Entry {
  progress: number;
  /** Whole periods between two looks without progress. */
  idle: number;
}

/** Looks in a time-out: a stall is found after the time-out and a quarter more, at most. */
const LOOKS = 4;

/** Finds connections whose other end does not move, with one timer for all of them. Only those that have to wait come here. */
export class StallWatch implements TimerOwner {
  readonly #entries = new Map<Stallable, Entry>();
  readonly #period: number;
  readonly #timers: Timers;
  readonly #onError: OnError;
  readonly #timer = new Timer(this);

  /**
   * @param timeout milliseconds without progress; 0: for ever
   * @param onError gets what one that has stalled throws; the others are not disturbed
   */
  constructor(timeout: number, timers: Timers, onError: OnError) {
    this.#period = Math.ceil(timeout / LOOKS);
    this.#timers = timers;
    this.#onError = onError;
  }

  /** Watches `one` until it is removed, or has stalled. */
  add(one: Stallable): void {
    if (this.#period === 0 || this.#entries.has(one)) return;
    // What is left of the present period is no whole one.
    this.#entries.set(one, { progress: one.progress, idle: this.#timer.pending ? -1 : 0 });
    if (!this.#timer.pending) this.#timers.start(this.#timer, this.#period);
  }

  remove(one: Stallable): void {
    if (this.#entries.delete(one) && this.#entries.size === 0) this.#timers.stop(this.#timer);
  }

  /** Looks who has not moved since the last time. */
  onTimer(): void {
    for (const [one, entry] of [...this.#entries]) {
      try {
        this.#look(one, entry);
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#entries.size > 0) this.#timers.start(this.#timer, this.#period);
  }

  #look(one: Stallable, entry: Entry): void {
    const waits = one.stillWaits();
    // It may be gone by now, and even be here again.
    if (this.#entries.get(one) !== entry) return;
    const { progress } = one;
    if (!waits) entry.idle = -1;
    else entry.idle = progress === entry.progress ? entry.idle + 1 : 0;
    entry.progress = progress;
    if (entry.idle < LOOKS) return;
    this.#entries.delete(one);
    one.stalled();
  }
}
