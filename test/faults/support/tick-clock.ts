import type { Clock, ClockTimer } from '@p-8/core';

/** A clock that moves by ticks, and is fast with thousands of timers: for networks with many connections. */
export class TickClock implements Clock {
  readonly #tickMs: number;
  #tick = 0;
  readonly #due = new Map<number, Set<() => void>>();

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  now(): number {
    return this.#tick * this.#tickMs;
  }

  monotonic(): number {
    return this.now();
  }

  random(): number {
    return 0;
  }

  setTimeout(callback: () => void, ms: number): ClockTimer {
    const tick = this.#tick + Math.max(1, Math.ceil(ms / this.#tickMs));
    const due = this.#due.get(tick) ?? new Set();
    this.#due.set(tick, due.add(callback));
    return { callback } as ClockTimer;
  }

  clearTimeout(timer: ClockTimer): void {
    for (const due of this.#due.values()) due.delete((timer as unknown as { callback: () => void }).callback);
  }

  /** Lets a tick pass. */
  advance(): void {
    const due = this.#due.get(++this.#tick);
    this.#due.delete(this.#tick);
    for (const callback of due ?? []) callback();
  }
}
