import type { SteadyClock } from '../clock.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import type { Session } from './session.js';

/** Milliseconds between two steps: short beside any window, and few wake-ups. */
const STEP = 50;

/** Ends sessions one after the other, evenly over a window, so that their clients do not all come back at once. */
export class Drain implements TimerOwner {
  readonly #sessions: ReadonlySet<Session>;
  readonly #waiting: readonly Session[];
  readonly #clock: SteadyClock;
  readonly #timers: Timers;
  readonly #onError: (session: Session, error: unknown) => void;
  readonly #timer = new Timer(this);
  #start = 0;
  #ms = 0;
  #next = 0;
  #done: () => void = () => {};

  /** @param sessions all there are; those that leave by themselves are left out, those that come later as well */
  constructor(
    sessions: ReadonlySet<Session>,
    clock: SteadyClock,
    timers: Timers,
    onError: (session: Session, error: unknown) => void,
  ) {
    this.#sessions = sessions;
    this.#waiting = [...sessions];
    this.#clock = clock;
    this.#timers = timers;
    this.#onError = onError;
  }

  /** Resolves when the last session has been told to end: after `ms` milliseconds at most, or when none is left. */
  run(ms: number): Promise<void> {
    this.#start = this.#clock.monotonic();
    this.#ms = ms;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.onTimer();
    });
  }

  /** Ends at once all that are left. */
  hurry(): void {
    this.#ms = 0;
    this.onTimer();
  }

  onTimer(): void {
    this.#timers.stop(this.#timer);
    const elapsed = this.#clock.monotonic() - this.#start;
    const share = elapsed >= this.#ms ? 1 : elapsed / this.#ms;
    const due = Math.ceil(this.#waiting.length * share);
    while (this.#next < due) this.#end(this.#waiting[this.#next++]);
    if (this.#next < this.#waiting.length && this.#sessions.size > 0) this.#timers.start(this.#timer, STEP);
    else this.#done();
  }

  #end(session: Session | undefined): void {
    if (session === undefined || !this.#sessions.has(session)) return;
    try {
      session.close();
    } catch (error) {
      this.#onError(session, error);
    }
  }
}
