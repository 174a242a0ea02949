import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { Job, Outcome, PollSpec } from './job.js';
import { Latencies } from './latencies.js';
import { Publisher } from './publisher.js';
import { holdRequest, publishRequest } from './requests.js';
import { ResponseReader } from './response-reader.js';

const CHANNEL = 'channel-0';
const CONTENT = '.'.repeat(100);

/** Milliseconds between two items, at least: nobody can tell from outside who is held already. */
const PAUSE = 5;

/** Milliseconds that an answer to a publish may take. */
const PATIENCE = 3000;

/** Milliseconds for the last clients to be held, before the item that ends their last polls. */
const SETTLING = 500;

/** Clients that poll again as soon as they have an answer, while items are published. */
export class Poll implements Job {
  readonly #spec: PollSpec;
  readonly #latencies = new Latencies();
  readonly #again: (() => void)[] = [];
  #publisher: Publisher | undefined;
  #running = false;
  #count = 0;
  #errors = 0;
  #closed = 0;

  constructor(spec: PollSpec) {
    this.#spec = spec;
  }

  async prepare(): Promise<void> {
    const { connections, publish } = this.#spec;
    for (let index = 0; index < connections; index++) await this.#connect(index);
    this.#publisher = new Publisher(publish.port, (what) => {
      if (what === 'error') this.#errors++;
      else this.#closed++;
    });
  }

  async run(seconds: number): Promise<Outcome> {
    this.#count = this.#errors = this.#closed = 0;
    this.#latencies.take();
    this.#running = true;
    const begin = performance.now();
    const end = begin + seconds * 1000;
    for (const ask of this.#again.splice(0)) ask();
    while (performance.now() < end) {
      await this.#publish();
      await delay(PAUSE);
    }
    this.#running = false;
    const measured = (performance.now() - begin) / 1000;
    const count = this.#count;
    for (let i = 0; i < 10 && this.#again.length < this.#spec.connections; i++) {
      await delay(SETTLING);
      await this.#publish();
    }
    await delay(SETTLING);
    return {
      count,
      total: this.#count,
      seconds: measured,
      bytes: 0,
      latency: this.#latencies.take(),
      // Whoever still waits has not got any of those items.
      lost: this.#spec.connections - this.#again.length,
      duplicates: 0,
      closed: this.#closed,
      errors: this.#errors,
    };
  }

  #publish(): Promise<void> {
    const request = publishRequest(this.#spec.publish, 'response', [{ channel: CHANNEL, content: CONTENT }]);
    const answered = new Promise<void>((resolve) => this.#publisher?.send(request, resolve));
    // Whoever does not answer is not waited for: the run has to end.
    return Promise.race([answered, delay(PATIENCE, undefined, { ref: false })]);
  }

  async #connect(index: number): Promise<void> {
    const request = holdRequest('response', CHANNEL);
    let sent = 0;
    const ask = (): void => {
      sent = performance.now();
      connection.write(request);
    };
    const reader = new ResponseReader((status) => {
      if (status === 200) this.#count++;
      else this.#errors++;
      // What ends after the run has waited for an item on purpose.
      if (this.#running) {
        this.#latencies.add(performance.now() - sent);
        ask();
      } else {
        this.#again.push(ask);
      }
    });
    const connection = await Connection.open(this.#spec.port, index, {
      onBytes: (bytes, length) => reader.read(bytes, length),
      onEnd: () => {
        this.#closed++;
        void this.#connect(index).catch(() => {});
      },
    });
    if (this.#running) ask();
    else this.#again.push(ask);
  }
}
