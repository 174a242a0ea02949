import { AppStage } from '../../support/apps/stage.js';

/** What one test has set up, with parties besides servers and proxies: those that leave first, and what is closed last. */
export class InteropStage extends AppStage {
  readonly #leaving: (() => void)[] = [];
  readonly #closing: (() => unknown)[] = [];

  /** Calls `leave` when the test is over, before its proxies must be at rest. */
  onLeave(leave: () => void): void {
    this.#leaving.push(leave);
  }

  /** Calls `close` when all else is closed, the last one first. */
  onClose(close: () => unknown): void {
    this.#closing.unshift(close);
  }

  override async close(): Promise<void> {
    for (const leave of this.#leaving) leave();
    try {
      await super.close();
    } finally {
      for (const close of this.#closing) await close();
    }
  }
}

/** Gives each test of the surrounding `describe` a stage of its own, by a function that returns it. */
export function useInteropStage(): () => InteropStage {
  let stage = new InteropStage();
  beforeEach(() => {
    stage = new InteropStage();
  });
  afterEach(() => stage.close());
  return () => stage;
}
