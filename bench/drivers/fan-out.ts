import { setTimeout as delay } from 'node:timers/promises';
import { Flights } from './flights.js';
import { openHeld } from './held-connection.js';
import { ItemReader, ItemWriter } from './item.js';
import type { FanOutSpec, Job, Outcome } from './job.js';
import { Latencies } from './latencies.js';
import { Publisher } from './publisher.js';
import { type OutgoingItem, publishRequest } from './requests.js';
import { someAtATime } from './some-at-a-time.js';

/** Connections that are opened at a time. */
const OPENING = 64;

/** Milliseconds without any delivery after which nothing more is waited for: what has not come is lost. */
const PATIENCE = 3000;

/** The reference answers 502 to some of thousands that come at once: they come again, as clients do. */
const ATTEMPTS = 20;

/** The reference subscribes a WebSocket after it has told the client that it is open. */
const SETTLING = 500;

/** One request that publishes, again and again. */
interface Slot {
  readonly number: number;
  readonly publisher: Publisher;
  sentAt: number;
  isAnswered: boolean;
  isIdle: boolean;
}

/** Holds connections, publishes with some requests at a time, and counts what arrives where. */
export class FanOut implements Job {
  readonly #spec: FanOutSpec;
  readonly #writer: ItemWriter;
  readonly #readers: ItemReader[] = [];
  readonly #slots: Slot[] = [];
  readonly #flights: Flights;
  readonly #latencies = new Latencies();
  #running = false;
  /** Number of the next item, and of the first one of this run. */
  #next = 0;
  #first = 0;
  #received = 0;
  /** How many had been received when that last changed, and when that was. */
  #progress = { received: 0, at: 0 };
  #bytes = 0;
  #errors = 0;
  #closed = 0;

  constructor(spec: FanOutSpec) {
    this.#spec = spec;
    this.#writer = new ItemWriter(spec.itemBytes);
    this.#flights = new Flights(spec.inFlight, (slot) => this.#onArrived(slot));
  }

  async prepare(): Promise<void> {
    const { connections, publish, inFlight } = this.#spec;
    await someAtATime(connections, OPENING, (index) => this.#open(index));
    const onTrouble = (what: 'error' | 'closed'): void => {
      if (what === 'error') this.#errors++;
      else this.#closed++;
    };
    for (let number = 0; number < inFlight; number++) {
      const publisher = new Publisher(publish.port, onTrouble);
      this.#slots.push({ number, publisher, sentAt: 0, isAnswered: true, isIdle: true });
    }
    await delay(SETTLING);
  }

  async run(seconds: number): Promise<Outcome> {
    const before = this.#duplicates;
    this.#first = this.#next;
    this.#received = this.#bytes = this.#errors = this.#closed = 0;
    this.#latencies.take();
    this.#running = true;
    const begin = performance.now();
    for (const slot of this.#slots) this.#publish(slot);
    const patience = setInterval(() => this.#giveUp(), PATIENCE / 10);
    await delay(seconds * 1000);
    this.#running = false;
    const measured = (performance.now() - begin) / 1000;
    const { count, bytes } = { count: this.#received, bytes: this.#bytes };
    while (this.#slots.some(({ isIdle }) => !isIdle)) await delay(20);
    clearInterval(patience);
    const expected = (this.#next - this.#first) * this.#subscribers;
    return {
      count,
      total: this.#received,
      seconds: measured,
      bytes,
      latency: this.#latencies.take(),
      lost: Math.max(0, expected - this.#received),
      duplicates: this.#duplicates - before,
      closed: this.#closed,
      errors: this.#errors,
    };
  }

  /** Clients of one channel. */
  get #subscribers(): number {
    const { connections, channels, channelsEach } = this.#spec;
    return (connections * channelsEach) / channels;
  }

  get #duplicates(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.duplicates, 0);
  }

  async #open(index: number): Promise<void> {
    const { kind, port, channels, channelsEach, inFlight, itemsPerRequest, itemBytes } = this.#spec;
    const window = 2 ** Math.ceil(Math.log2(4 * inFlight * itemsPerRequest));
    const reader = new ItemReader(itemBytes, window, (number) => {
      if (number < this.#first) return;
      this.#received++;
      this.#flights.delivered(number);
    });
    this.#readers.push(reader);
    // A list, as it goes into the origin's answer.
    const channel = Array.from({ length: channelsEach }, (_, i) =>
      channelName((index * channelsEach + i) % channels),
    ).join(',');
    await openHeld(
      { port, kind, channel, index, attempts: ATTEMPTS },
      {
        onBytes: (bytes, from, length) => {
          this.#bytes += length - from;
          reader.read(bytes, from, length);
        },
        onEnd: () => {
          this.#closed++;
        },
      },
    );
  }

  #publish(slot: Slot): void {
    const { channels, itemsPerRequest, kind, publish } = this.#spec;
    const numbers: number[] = [];
    const items: OutgoingItem[] = [];
    for (let i = 0; i < itemsPerRequest; i++) {
      const number = this.#next++;
      numbers.push(number);
      items.push({ channel: channelName(number % channels), content: this.#writer.write(number) });
    }
    this.#flights.depart(slot.number, numbers, itemsPerRequest * this.#subscribers);
    slot.isAnswered = slot.isIdle = false;
    slot.sentAt = performance.now();
    slot.publisher.send(publishRequest(publish, kind, items), () => {
      slot.isAnswered = true;
      this.#goOn(slot);
    });
  }

  #onArrived(number: number): void {
    const slot = this.#slots[number];
    if (slot === undefined) return;
    this.#latencies.add(performance.now() - slot.sentAt);
    this.#goOn(slot);
  }

  #goOn(slot: Slot): void {
    if (slot.isIdle || !slot.isAnswered || this.#flights.left(slot.number) > 0) return;
    if (this.#running) this.#publish(slot);
    else slot.isIdle = true;
  }

  /** What is lost must not end the run. */
  #giveUp(): void {
    const now = performance.now();
    if (this.#progress.received !== this.#received) this.#progress = { received: this.#received, at: now };
    if (now - this.#progress.at < PATIENCE) return;
    for (const slot of this.#slots) {
      if (slot.isIdle || now - slot.sentAt < PATIENCE) continue;
      this.#flights.abandon(slot.number);
      // A publish without an answer has no connection either: the slot stays behind.
      if (slot.isAnswered) this.#goOn(slot);
      else if (!this.#running) slot.isIdle = true;
    }
  }
}

function channelName(number: number): string {
  return `channel-${number}`;
}
