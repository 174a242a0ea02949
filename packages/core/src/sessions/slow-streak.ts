import type { SteadyClock } from '../clock.js';

/** How often in a row a slow client may recover, before it is ended: one that never catches up would keep its origin busy for ever. */
const MAX_IN_A_ROW = 5;

/** Milliseconds after a recovery: a client that has nothing waiting then has caught up. At first, a system takes much by itself. */
const CATCH_UP_TIME = 1000;

/** How often in a row a client has been too slow, without having caught up in between. */
export class SlowStreak {
  readonly #clock: SteadyClock;
  #count = 0;
  /** Milliseconds of {@link SteadyClock.monotonic} at the end of the last recovery; infinite in the midst of it. */
  #recoveredAt = 0;

  constructor(clock: SteadyClock) {
    this.#clock = clock;
  }

  /** The client may not be brought up to date once more. */
  get isTooLong(): boolean {
    return this.#count >= MAX_IN_A_ROW;
  }

  /** The client is too slow, and is going to be brought up to date. */
  begin(): void {
    this.#count++;
    this.#recoveredAt = Number.POSITIVE_INFINITY;
  }

  /** Items go straight to the client again. */
  onHold(): void {
    if (this.#recoveredAt === Number.POSITIVE_INFINITY) this.#recoveredAt = this.#clock.monotonic();
  }

  /** The client had nothing waiting. */
  onKeptUp(): void {
    if (this.#count > 0 && this.#clock.monotonic() - this.#recoveredAt >= CATCH_UP_TIME) this.#count = 0;
  }
}
