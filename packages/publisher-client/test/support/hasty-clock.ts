import { ManualClock } from '../../../../test/support/manual-clock.js';

/** A clock on which each wait is over at once, and that notes how long they were. */
export class HastyClock extends ManualClock {
  readonly waits: number[] = [];

  override setTimeout(callback: () => void, ms: number): ReturnType<ManualClock['setTimeout']> {
    // Time-outs of attempts are as long as they are by default.
    if (ms === 10_000) return super.setTimeout(callback, ms);
    this.waits.push(ms);
    const timer = super.setTimeout(callback, ms);
    queueMicrotask(() => this.advance(ms));
    return timer;
  }
}
