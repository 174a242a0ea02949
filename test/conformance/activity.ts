import { EventEmitter } from 'node:events';

/**
 * What happens while a scenario runs: bytes arrive, the origin is asked, a hold is made. Whoever causes it calls
 * {@link changed}; whoever depends on it waits with {@link until}. So nothing in the suite polls or sleeps.
 */
export class Activity {
  readonly #changes: EventEmitter = new EventEmitter().setMaxListeners(0);

  /** Something happened: all conditions are looked at again. */
  changed(): void {
    this.#changes.emit('change');
  }

  /**
   * Resolves once `condition` holds. Rejects after `deadline` milliseconds, with what `waitingFor` says by then.
   */
  until(condition: () => boolean, waitingFor: () => string, deadline: number): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        stop();
        resolve();
      };
      const giveUp = (): void => {
        stop();
        reject(new Error(`waited ${deadline} ms for ${waitingFor()}`));
      };
      const stop = (): void => {
        clearTimeout(timer);
        this.#changes.off('change', look);
      };
      const timer = setTimeout(giveUp, deadline);
      this.#changes.on('change', look);
    });
  }
}
