import type { ServerResponse } from 'node:http';
import { answer, type Publish } from './http.js';

const CHANNEL = 'poll';

/** Seconds that a long-poll is held before it is answered with the old count. */
const TIMEOUT_SECONDS = 30;

/** A number that all visitors see and add to, told by long-polling. */
export class Counter {
  readonly #publish: Publish;
  #count = 0;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /**
   * Answers at once when the client does not know the count yet, else when it changes. The id of the last change goes along,
   * so that one between this answer and the subscription is not missed.
   */
  poll(response: ServerResponse, known: string | null): void {
    const current = String(this.#count);
    const hold = {
      'Grip-Hold': 'response',
      'Grip-Channel': `${CHANNEL}; prev-id=${current}`,
      'Grip-Timeout': String(TIMEOUT_SECONDS),
    };
    answer(response, 200, 'application/json', this.#body(), known === current ? hold : {});
  }

  /** Adds one, and answers all who wait. */
  async add(response: ServerResponse): Promise<void> {
    const before = String(this.#count);
    this.#count += 1;
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
    await this.#publish(
      CHANNEL,
      { 'http-response': { headers, body: this.#body() } },
      { id: String(this.#count), 'prev-id': before },
    );
    answer(response, 200, 'application/json', this.#body());
  }

  #body(): string {
    return `${JSON.stringify({ count: this.#count })}\n`;
  }
}
