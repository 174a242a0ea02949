import type { Publish } from './http.js';
import { formatEvent } from './http.js';

/** The channel that the time is published on. */
export const CLOCK_CHANNEL = 'clock';

/** Publishes the time at the start of each second. */
export class ClockFeed {
  readonly #publish: Publish;
  #timer: NodeJS.Timeout | undefined;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** The current time as an event. */
  event(): string {
    return formatEvent('clock', new Date().toISOString());
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        void this.#publish(CLOCK_CHANNEL, { 'http-stream': this.event() });
        this.start();
      },
      1000 - (Date.now() % 1000),
    ).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
