import { type Clock, type ClockTimer, GripError } from '@p-8/core';
import { type Duration, milliseconds } from './duration.js';

/** The longest delay of a timer, in milliseconds: Node takes a longer one for none at all. */
const MAX_DELAY = 2 ** 31 - 1;

interface VirtualTimer extends ClockTimer {
  readonly due: number;
  readonly callback: () => void;
}

/** What else happens while time passes. */
export interface ClockWatcher {
  /** Resolves when all that has been set off so far has come to rest. */
  settled(): Promise<void>;
  /** So many milliseconds are about to pass. */
  onAdvance(ms: number): void;
}

/**
 * Time that stands still until a test lets it pass: hold time-outs, keep-alives, retries and delays run on it. It begins
 * at the machine's time, for signatures to be good. Chance is left out: {@link VirtualClock.random} is 0, so that nothing
 * is spread or jittered.
 */
export class VirtualClock implements Clock {
  readonly #startedAt: number = Date.now();
  readonly #timers = new Set<VirtualTimer>();
  readonly #watcher: ClockWatcher;
  #elapsed = 0;
  #advancing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(watcher: ClockWatcher) {
    this.#watcher = watcher;
  }

  now(): number {
    return this.#startedAt + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Milliseconds that have passed since the test began. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  random(): number {
    return 0;
  }

  setTimeout(callback: () => void, ms: number): ClockTimer {
    const timer: VirtualTimer = { due: this.#elapsed + (ms > MAX_DELAY ? 1 : Math.max(ms, 0)), callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: ClockTimer): void {
    this.#timers.delete(timer as VirtualTimer);
  }

  /**
   * Lets time pass. What is under way comes to rest first; then what is due happens in its order, each with all that
   * follows from it. Resolves when that is done.
   * @throws TypeError where `duration` is none; GripError `GRIP_ERR_CLOSED` after the end of the test.
   *
   * @example
   * ```ts
   * await t.clock.advance('55s');
   * ```
   */
  advance(duration: Duration): Promise<void> {
    const ms = milliseconds(duration);
    if (this.#stopped)
      throw new GripError('GRIP_ERR_CLOSED', 'the test has been closed: its time does not pass any more');
    const passed = this.#advancing.then(() => this.#advance(ms));
    // What goes wrong in one piece of time does not stop the next.
    this.#advancing = passed.catch(() => undefined);
    return passed;
  }

  /** Lets no more time pass. Resolves when what is under way has come to rest. @internal */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#advancing;
  }

  async #advance(ms: number): Promise<void> {
    await this.#watcher.settled();
    if (this.#stopped) return;
    this.#watcher.onAdvance(ms);
    const end = this.#elapsed + ms;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
      await this.#watcher.settled();
      if (this.#stopped) return;
    }
    this.#elapsed = end;
  }

  #nextBefore(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
