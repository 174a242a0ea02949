import type { Clock, ClockTimer } from '@p-8/core';

/** The longest delay that Node's setTimeout takes, in milliseconds; a longer one fires at once. */
const MAX_DELAY = 2 ** 31 - 1;

class ManualTimer implements ClockTimer {
  readonly cancelled?: boolean;
  readonly due: number;
  readonly callback: () => void;

  constructor(due: number, callback: () => void) {
    this.due = due;
    this.callback = callback;
  }
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  /** What {@link ManualClock.random} gives. */
  chance = 0;
  #now = 60_000;
  /** What the time of day is ahead. */
  #ahead = 1_700_000_000_000 - this.#now;
  readonly #timers = new Set<ManualTimer>();

  now(): number {
    return this.#now + this.#ahead;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the time of day forward, or back where `ms` is negative. No time passes. */
  setForward(ms: number): void {
    this.#ahead += ms;
  }

  random(): number {
    return this.chance;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, ms: number): ClockTimer {
    const timer = new ManualTimer(this.#now + (ms > MAX_DELAY ? 1 : ms), callback);
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: ClockTimer): void {
    this.#timers.delete(timer as ManualTimer);
  }

  /** Lets `ms` milliseconds pass, and what is due in them happen in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }
}
