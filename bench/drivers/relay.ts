import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { Job, Outcome, RelaySpec } from './job.js';
import { Latencies } from './latencies.js';
import { getRequest } from './requests.js';
import { ResponseReader } from './response-reader.js';

/** Each connection asks again as soon as it has its answer. */
export class Relay implements Job {
  readonly #spec: RelaySpec;
  readonly #request: Buffer;
  readonly #latencies = new Latencies();
  readonly #again: (() => void)[] = [];
  #running = false;
  #count = 0;
  #bytes = 0;
  #errors = 0;
  #closed = 0;

  constructor(spec: RelaySpec) {
    this.#spec = spec;
    this.#request = Buffer.from(getRequest(spec.path));
  }

  async prepare(): Promise<void> {
    for (let index = 0; index < this.#spec.connections; index++) await this.#connect(index);
  }

  async run(seconds: number): Promise<Outcome> {
    this.#count = this.#bytes = this.#errors = this.#closed = 0;
    this.#latencies.take();
    this.#running = true;
    const begin = performance.now();
    for (const ask of this.#again.splice(0)) ask();
    await delay(seconds * 1000);
    this.#running = false;
    const measured = (performance.now() - begin) / 1000;
    const { count, bytes } = { count: this.#count, bytes: this.#bytes };
    // What is under way is waited for, but not for long: it may be lost.
    for (let i = 0; i < 100 && this.#again.length < this.#spec.connections; i++) await delay(20);
    return {
      count,
      total: this.#count,
      seconds: measured,
      bytes,
      latency: this.#latencies.take(),
      lost: 0,
      duplicates: 0,
      closed: this.#closed,
      errors: this.#errors,
    };
  }

  async #connect(index: number): Promise<void> {
    let sent = 0;
    const ask = (): void => {
      sent = performance.now();
      connection.write(this.#request);
    };
    const reader = new ResponseReader((status) => {
      this.#count++;
      if (status !== 200) this.#errors++;
      this.#latencies.add(performance.now() - sent);
      if (this.#running) ask();
      else this.#again.push(ask);
    });
    const connection = await Connection.open(this.#spec.port, index, {
      onBytes: (bytes, length) => {
        this.#bytes += length;
        reader.read(bytes, length);
      },
      onEnd: () => {
        this.#closed++;
        void this.#connect(index).catch(() => {});
      },
    });
    if (this.#running) ask();
    else this.#again.push(ask);
  }
}
