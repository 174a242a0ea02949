import type { OnError } from '../logger.js';

/** Something that gathers output and can send it. */
export interface Flushable {
  flush(): void;
}

/** Sends what has been gathered in a turn of the event loop, at its end. One for a whole proxy: no timers, no closures. */
export class Flusher {
  readonly #onError: OnError;
  #waiting: Flushable[] = [];
  #scheduled = false;

  constructor(onError: OnError) {
    this.#onError = onError;
  }

  add(output: Flushable): void {
    this.#waiting.push(output);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const output of waiting) {
      try {
        output.flush();
      } catch (error) {
        this.#onError(error);
      }
    }
  };
}
