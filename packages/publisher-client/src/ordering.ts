import type { ItemInput } from '@p-8/protocol';
import { limited } from './limit.js';
import { aborted, failure } from './publish-exception.js';
import type { PublisherClock } from './publish-options.js';

/** The most channels whose last id is remembered; the one that was quiet longest is forgotten first. */
const MAX_CHANNELS = 10_000;
/** The most items of a channel that are being sent or wait for it. */
const MAX_WAITING = 1000;

/** What is known of a channel whose items follow each other. */
interface Chain {
  lastId: string;
  /** Somebody has said what the last id is: else it only marks where this publisher has begun. */
  isKnown: boolean;
  waiting: number;
  /** Resolves when all items so far are through. */
  tail: Promise<unknown>;
}

/**
 * Numbers items, so that each names the one before it on its channel, and sends those of a channel one after the other. An id that has
 * been given stays in the chain, whatever becomes of its item: so the gap is seen.
 */
export class Ordering {
  readonly #chains = new Map<string, Chain>();
  readonly #clock: PublisherClock;
  readonly #start: string;
  #count = 0;

  constructor(clock: PublisherClock) {
    this.#clock = clock;
    // Sorts by time; the second half is for processes that start in the same millisecond.
    this.#start = base36(clock.now(), 9) + base36(Math.floor(clock.random() * 36 ** 4), 4);
  }

  lastId(channel: string): string {
    return this.#chain(channel).lastId;
  }

  /** Says which item the next one comes after. */
  follow(channel: string, id: string): void {
    Object.assign(this.#chain(channel), { lastId: id, isKnown: true });
  }

  /**
   * Numbers items and sends them when it is their turn.
   * @throws PublishException `GRIP_ERR_PUBLISH_QUEUE_FULL`; no id has been given then.
   */
  send<T>(
    items: readonly ItemInput[],
    signal: AbortSignal | undefined,
    send: (items: readonly ItemInput[]) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    const chains = [...new Set(items.map(({ channel }) => this.#chain(channel)))];
    if (chains.some(({ waiting }) => waiting >= MAX_WAITING)) {
      throw failure('QUEUE_FULL', `Nothing was published: ${MAX_WAITING} items of the channel wait already`);
    }
    const numbered = items.map((item) => this.#number(item));
    const turn = Promise.all(chains.map(({ tail }) => tail));
    const sendInTurn = async (over: AbortSignal): Promise<T> => {
      await turn;
      // Nobody waits for it any more.
      if (over.aborted) throw aborted(signal);
      return send(numbered);
    };
    const sent = limited(sendInTurn, { clock: this.#clock, signal });
    const through = Promise.allSettled([turn, sent]);
    for (const chain of chains) {
      chain.waiting++;
      chain.tail = through.then(() => chain.waiting--);
    }
    return sent;
  }

  #number(item: ItemInput): ItemInput {
    // It is delivered whatever the order.
    if (item['no-seq'] === true) return item;
    const chain = this.#chain(item.channel);
    const prevId = chain.isKnown ? chain.lastId : undefined;
    const id = item.id ?? this.#nextId();
    this.follow(item.channel, id);
    return { ...item, id, 'prev-id': item['prev-id'] ?? prevId };
  }

  #chain(channel: string): Chain {
    const known = this.#chains.get(channel);
    const chain = known ?? { lastId: this.#nextId(), isKnown: false, waiting: 0, tail: Promise.resolve() };
    // A Map keeps the order of insertion: the quiet ones come first.
    this.#chains.delete(channel);
    this.#chains.set(channel, chain);
    if (this.#chains.size > MAX_CHANNELS) this.#forgetOne();
    return chain;
  }

  #forgetOne(): void {
    for (const [channel, { waiting }] of this.#chains) {
      if (waiting > 0) continue;
      this.#chains.delete(channel);
      return;
    }
  }

  #nextId(): string {
    return `${this.#start}-${base36(++this.#count, 8)}`;
  }
}

function base36(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}
