/** A pending {@link Clock} timer; opaque. */
export interface ClockTimer {
  readonly cancelled?: boolean;
}

/** Where time and chance come from: passed in, so that tests need not sleep. */
export interface Clock {
  /** Time of day: milliseconds since the epoch. For what others read, such as tokens and header fields. */
  now(): number;
  /**
   * Milliseconds since any moment, the same one for as long as the clock is used: whatever somebody sets the time of day to,
   * these go on. For all that is to happen, or to end, after a while. @default what `now` gives
   */
  monotonic?(): number;
  /** Calls `callback` once, `ms` milliseconds from now. Must not keep the process alive. */
  setTimeout(callback: () => void, ms: number): ClockTimer;
  clearTimeout(timer: ClockTimer): void;
  /** A number from 0 up to, not including, 1. */
  random(): number;
}

/** A clock that tells how much time has passed, whatever the time of day. */
export type SteadyClock = Required<Clock>;

/** The machine's own clock. */
export const systemClock: SteadyClock = {
  now: () => Date.now(),
  // Whole milliseconds, as Node's timers count them.
  monotonic: () => Math.trunc(performance.now()),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref() as ClockTimer,
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  random: () => Math.random(),
};

/** The clock itself, or one that takes the time of day for lack of something better. */
export function steadyClock(clock: Clock): SteadyClock {
  if (clock.monotonic !== undefined) return clock as SteadyClock;
  return {
    now: () => clock.now(),
    monotonic: () => clock.now(),
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
    clearTimeout: (timer) => clock.clearTimeout(timer),
    random: () => clock.random(),
  };
}
