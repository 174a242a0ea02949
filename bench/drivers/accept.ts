import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { openHeld } from './held-connection.js';
import type { AcceptSpec, Job, Outcome } from './job.js';
import { Latencies } from './latencies.js';
import { someAtATime } from './some-at-a-time.js';

/** Connections that are opened at a time. */
const OPENING = 100;

/** Milliseconds that a server has for what follows when clients have left. */
const LEAVING = 300;

/** Opens so many connections that are held, as fast as they are accepted. */
export class Accept implements Job {
  readonly #spec: AcceptSpec;
  readonly #latencies = new Latencies();
  #closed = 0;

  constructor(spec: AcceptSpec) {
    this.#spec = spec;
  }

  async prepare(): Promise<void> {}

  async run(): Promise<Outcome> {
    const { connections, keep } = this.#spec;
    const held: Connection[] = [];
    let errors = 0;
    this.#closed = 0;
    const begin = performance.now();
    await someAtATime(connections, OPENING, async (index) => {
      const opened = await this.#open(index).catch(() => undefined);
      if (opened === undefined) errors++;
      else held.push(opened);
    });
    const seconds = (performance.now() - begin) / 1000;
    if (!keep) {
      for (const connection of held) connection.leave();
      await delay(LEAVING);
    }
    return {
      count: held.length,
      total: held.length,
      seconds,
      bytes: 0,
      latency: this.#latencies.take(),
      lost: 0,
      duplicates: 0,
      closed: this.#closed,
      errors,
    };
  }

  async #open(index: number): Promise<Connection> {
    const { kind, port } = this.#spec;
    const begin = performance.now();
    const connection = await openHeld(
      { port, kind, channel: 'channel-0', index },
      {
        onBytes() {},
        onEnd: () => {
          this.#closed++;
        },
      },
    );
    this.#latencies.add(performance.now() - begin);
    return connection;
  }
}
