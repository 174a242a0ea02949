import type { ClockTimer, SteadyClock } from './clock.js';
import type { OnError } from './logger.js';

/** Milliseconds, about 25 days: Node takes a longer delay for none at all. */
const MAX_DELAY = 2 ** 31 - 1;

/** Who is told when a {@link Timer} is due. */
export interface TimerOwner {
  onTimer(timer: Timer): void;
}

/** One pending deadline of one owner; started, restarted and stopped by {@link Timers}. A link of its period's list. */
export class Timer {
  due = 0;
  list: PeriodList | undefined;
  previous: Timer | undefined;
  next: Timer | undefined;
  readonly owner: TimerOwner;

  constructor(owner: TimerOwner) {
    this.owner = owner;
  }

  get pending(): boolean {
    return this.list !== undefined;
  }
}

/**
 * Deadlines of many sessions with few clock timers: those of one period stand in one list, in the order in which they
 * are due, behind a single clock timer. Starting and stopping cost O(1), and allocate nothing.
 */
export class Timers {
  readonly #clock: SteadyClock;
  readonly #onError: OnError;
  readonly #lists = new Map<number, PeriodList>();
  #size = 0;

  /** `onError` gets what an owner throws; the other owners are not disturbed. */
  constructor(clock: SteadyClock, onError: OnError) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** How many timers are pending. */
  get size(): number {
    return this.#size;
  }

  /** Lets `timer` be due in `ms` milliseconds; a pending one starts anew. */
  start(timer: Timer, ms: number): void {
    this.stop(timer);
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new PeriodList(ms, this.#clock, this.#expire);
      this.#lists.set(ms, list);
    }
    timer.due = this.#clock.monotonic() + ms;
    list.append(timer);
    this.#size++;
  }

  stop(timer: Timer): void {
    const list = timer.list;
    if (list === undefined) return;
    list.remove(timer);
    this.#size--;
    if (list.first === undefined) this.#lists.delete(list.period);
  }

  /** Stops all timers; their owners hear nothing. */
  close(): void {
    for (const list of this.#lists.values()) list.clear();
    this.#lists.clear();
    this.#size = 0;
  }

  readonly #expire = (list: PeriodList): void => {
    const now = this.#clock.monotonic();
    // An owner may start, stop or close anything: only the list itself says what is still due.
    for (let timer = list.first; timer !== undefined && timer.due <= now; timer = list.first) {
      this.stop(timer);
      try {
        timer.owner.onTimer(timer);
      } catch (error) {
        this.#onError(error);
      }
    }
    list.arm();
  };
}

class PeriodList {
  readonly period: number;
  first: Timer | undefined;
  #last: Timer | undefined;
  #armed: ClockTimer | undefined;
  readonly #clock: SteadyClock;
  readonly #expire: (list: PeriodList) => void;

  constructor(period: number, clock: SteadyClock, expire: (list: PeriodList) => void) {
    this.period = period;
    this.#clock = clock;
    this.#expire = expire;
  }

  append(timer: Timer): void {
    timer.list = this;
    timer.previous = this.#last;
    timer.next = undefined;
    if (this.#last === undefined) this.first = timer;
    else this.#last.next = timer;
    this.#last = timer;
    this.arm();
  }

  remove(timer: Timer): void {
    if (timer.previous === undefined) this.first = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next === undefined) this.#last = timer.previous;
    else timer.next.previous = timer.previous;
    timer.list = timer.previous = timer.next = undefined;
    if (this.first === undefined) this.#disarm();
  }

  /** Sees to it that the clock wakes the list when its first timer is due, or before: an early wake-up is harmless. */
  arm(): void {
    if (this.#armed !== undefined || this.first === undefined) return;
    const ms = Math.min(MAX_DELAY, Math.max(0, this.first.due - this.#clock.monotonic()));
    this.#armed = this.#clock.setTimeout(() => {
      this.#armed = undefined;
      this.#expire(this);
    }, ms);
  }

  clear(): void {
    this.#disarm();
    for (let timer = this.first; timer !== undefined; ) {
      const next: Timer | undefined = timer.next;
      timer.list = timer.previous = timer.next = undefined;
      timer = next;
    }
    this.first = this.#last = undefined;
  }

  #disarm(): void {
    if (this.#armed === undefined) return;
    this.#clock.clearTimeout(this.#armed);
    this.#armed = undefined;
  }
}
