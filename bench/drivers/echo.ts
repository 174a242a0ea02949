import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { openHeld } from './held-connection.js';
import type { EchoSpec, Job, Outcome } from './job.js';
import { Latencies } from './latencies.js';

const MESSAGE = 'what is said comes back';

/** A text frame. Its mask is zero, which is a mask like any other and leaves the text as it is. */
const REQUEST = Buffer.concat([Buffer.from([0x81, 0x80 + MESSAGE.length, 0, 0, 0, 0]), Buffer.from(MESSAGE)]);
const ECHO_BYTES = 2 + MESSAGE.length;
const TEXT_FRAME = 0x81;

/** What one client has under way. */
interface Talk {
  sentAt: number;
  /** Bytes of the echo that are here. */
  got: number;
  send(): void;
}

/** WebSocket clients, each with one message under way. */
export class Echo implements Job {
  readonly #spec: EchoSpec;
  readonly #talks: Talk[] = [];
  readonly #latencies = new Latencies();
  #running = false;
  #waiting = 0;
  #count = 0;
  #errors = 0;
  #closed = 0;

  constructor(spec: EchoSpec) {
    this.#spec = spec;
  }

  async prepare(): Promise<void> {
    for (let index = 0; index < this.#spec.connections; index++) await this.#open(index);
  }

  async run(seconds: number): Promise<Outcome> {
    this.#count = this.#errors = this.#closed = 0;
    this.#latencies.take();
    this.#running = true;
    const begin = performance.now();
    for (const talk of this.#talks) talk.send();
    await delay(seconds * 1000);
    this.#running = false;
    const measured = (performance.now() - begin) / 1000;
    const count = this.#count;
    for (let i = 0; i < 100 && this.#waiting > 0; i++) await delay(20);
    return {
      count,
      total: this.#count,
      seconds: measured,
      bytes: count * ECHO_BYTES,
      latency: this.#latencies.take(),
      lost: this.#waiting,
      duplicates: 0,
      closed: this.#closed,
      errors: this.#errors,
    };
  }

  async #open(index: number): Promise<void> {
    const talk: Talk = { sentAt: 0, got: 0, send() {} };
    const connection: Connection = await openHeld(
      { port: this.#spec.port, kind: 'websocket', channel: `channel-${index}`, index },
      {
        onBytes: (bytes, from, length) => this.#read(talk, bytes, from, length),
        onEnd: () => {
          this.#closed++;
        },
      },
    );
    talk.send = () => {
      talk.sentAt = performance.now();
      this.#waiting++;
      connection.write(REQUEST);
    };
    this.#talks.push(talk);
  }

  #read(talk: Talk, bytes: Buffer, from: number, length: number): void {
    if (length === from) return;
    if (talk.got === 0 && bytes[from] !== TEXT_FRAME) this.#errors++;
    talk.got += length - from;
    if (talk.got < ECHO_BYTES) return;
    talk.got = 0;
    this.#waiting--;
    this.#count++;
    this.#latencies.add(performance.now() - talk.sentAt);
    if (this.#running) talk.send();
  }
}
