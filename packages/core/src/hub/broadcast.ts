import type { Flushable, Flusher } from '../http/flusher.js';
import { joinChunks, MAX_WRITE, type StreamChunk } from '../http/stream-chunk.js';
import type { OnError } from '../logger.js';
import type { PublishedItem } from './published-item.js';
import type { Subscription } from './session.js';

/**
 * The subscribers of one channel whose streams get all that the channel gets, as it is. What comes in a turn of the event
 * loop is joined once, at its end, and written once to each: an item costs nothing per subscriber.
 */
export class Broadcast implements Flushable {
  readonly #flusher: Flusher;
  readonly #onError: OnError;
  readonly #members = new Set<Subscription>();
  #waiting: PublishedItem[] = [];
  #bytes = 0;
  /** What is being handed out, the oldest first: whoever gets it may publish, and even have that handed out. */
  #batches: readonly Batch[] = [];

  constructor(flusher: Flusher, onError: OnError) {
    this.#flusher = flusher;
    this.#onError = onError;
  }

  get size(): number {
    return this.#members.size;
  }

  has(subscription: Subscription): boolean {
    return this.#members.has(subscription);
  }

  [Symbol.iterator](): IterableIterator<Subscription> {
    return this.#members.values();
  }

  /** From now on the subscription is one of them; it has all items so far. */
  join(subscription: Subscription): void {
    this.#members.add(subscription);
  }

  /** The subscription, which is one of them, gets what waits, and is none of them any more. */
  leave(subscription: Subscription): void {
    this.#members.delete(subscription);
    // All at once: while it has some of it, something newer may come to it.
    const items = this.#batches.flatMap((batch) => batch.items).concat(this.#waiting);
    if (items.length > 0) this.#give(subscription, new Batch(items));
  }

  /** Hands out what waits, if these bytes are too many to wait with it. Who does not take it leaves, and has the next ones by itself. */
  makeRoom(bytes: number): void {
    if (this.#bytes + bytes > MAX_WRITE) this.flush();
  }

  /** All of them get the item at the end of the turn. Gives how many they are. */
  add(published: PublishedItem): number {
    if (this.#members.size === 0) return 0;
    if (this.#waiting.length === 0) this.#flusher.add(this);
    this.#waiting.push(published);
    this.#bytes += published.streamChunk.size;
    return this.#members.size;
  }

  /** Hands out what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = new Batch(this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
    this.#batches = [...this.#batches, batch];
    // One may leave, and others join, while we are at it; a Set allows that.
    for (const subscription of this.#members) {
      for (const one of this.#batches) this.#give(subscription, one);
    }
    this.#batches = this.#batches.filter((one) => one !== batch);
  }

  #give(subscription: Subscription, batch: Batch): void {
    const chunk = batch.after(subscription.lastTaken);
    if (chunk === undefined) return;
    subscription.lastTaken = batch.last;
    const { session } = subscription;
    try {
      session.takeBatch?.(chunk, subscription);
    } catch (error) {
      this.#onError(error);
      session.abort();
    }
  }
}

/** Items that go out together. */
class Batch {
  readonly items: readonly PublishedItem[];
  readonly #first: number;
  /** Number of the last item. */
  readonly last: number;
  readonly #chunk: StreamChunk;

  constructor(items: readonly PublishedItem[]) {
    this.items = items;
    this.#first = items[0]?.number ?? 0;
    this.last = items.at(-1)?.number ?? 0;
    this.#chunk = joined(items);
  }

  /** What is new to who has had the items up to `number`; undefined: nothing. */
  after(number: number): StreamChunk | undefined {
    if (number < this.#first) return this.#chunk;
    if (number >= this.last) return undefined;
    return joined(this.items.filter((published) => published.number > number));
  }
}

function joined(items: readonly PublishedItem[]): StreamChunk {
  return joinChunks(items.map(({ streamChunk }) => streamChunk));
}
