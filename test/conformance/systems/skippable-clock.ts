import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, ClockTimer } from '@p-8/core';

interface Pending extends ClockTimer {
  readonly at: number;
  readonly callback: () => void;
  readonly handle: NodeJS.Timeout;
}

/** Turns of the event loop for what a timer sets off: requests and answers over loopback. */
const TURNS = 10;

/** A clock that goes like the machine's, and that can be put forward: nobody waits for a keep-alive. */
export class SkippableClock implements Clock {
  readonly #pending = new Set<Pending>();
  #skipped = 0;
  /** Milliseconds that may still be skipped. Time that passes by itself does not count: the timer may not be set yet. */
  #allowance = 0;
  #hurrying = false;

  now(): number {
    return Date.now() + this.#skipped;
  }

  monotonic(): number {
    return performance.now() + this.#skipped;
  }

  setTimeout(callback: () => void, ms: number): ClockTimer {
    const timer: Pending = {
      at: this.monotonic() + ms,
      callback,
      handle: setTimeout(() => this.#fire(timer), ms).unref(),
    };
    this.#pending.add(timer);
    if (this.#allowance > 0) void this.#hurry();
    return timer;
  }

  clearTimeout(timer: ClockTimer): void {
    const pending = timer as Pending;
    clearTimeout(pending.handle);
    this.#pending.delete(pending);
  }

  /** No jitter: what is random comes at its latest. */
  random(): number {
    return 0;
  }

  /** Skips up to `ms` milliseconds until `wait` is over: timers fire as soon as what was set off before them has happened. */
  async during(ms: number, wait: () => Promise<void>): Promise<void> {
    this.#allowance = ms;
    void this.#hurry();
    try {
      await wait();
    } finally {
      this.#allowance = 0;
    }
  }

  /** Puts the clock forward from timer to timer, those included that are set on the way. */
  async #hurry(): Promise<void> {
    if (this.#hurrying) return;
    this.#hurrying = true;
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const rest = Math.max(0, next.at - this.monotonic());
      if (Math.floor(rest) > this.#allowance) break;
      this.#allowance -= rest;
      this.#skipped += rest;
      this.#fire(next);
      for (let i = 0; i < TURNS; i += 1) await turn();
    }
    this.#hurrying = false;
  }

  #first(): Pending | undefined {
    return [...this.#pending].sort((a, b) => a.at - b.at)[0];
  }

  #fire(timer: Pending): void {
    if (!this.#pending.has(timer)) return;
    this.clearTimeout(timer);
    timer.callback();
  }
}
