import type { Item } from '@p-8/protocol';
import { itemCost } from '../heap-cost.js';
import { PublishedItem } from './published-item.js';

/** Bytes that keeping an item takes besides the item: its places by number and by id. */
const PLACE_COST = 128;

/** An item that is kept. */
export class KeptItem {
  readonly channel: ChannelHistory;
  /** Grows over all channels. */
  readonly number: number;
  readonly item: Item;
  /** Milliseconds of {@link SteadyClock.monotonic}. */
  readonly keptAt: number;
  readonly bytes: number;
  /** Weak: those who come back at the same time share its bytes as they go out; later they need not be kept twice. */
  #published: WeakRef<PublishedItem> | undefined;

  constructor(channel: ChannelHistory, number: number, item: Item, keptAt: number) {
    this.channel = channel;
    this.number = number;
    this.item = item;
    this.keptAt = keptAt;
    this.bytes = PLACE_COST + itemCost(item);
  }

  get published(): PublishedItem {
    const existing = this.#published?.deref();
    if (existing !== undefined) return existing;
    const published = new PublishedItem(this.item);
    this.#published = new WeakRef(published);
    return published;
  }
}

/** The newest items of one channel, oldest first. */
export class ChannelHistory {
  readonly name: string;
  /** The number of the newest item that is not there any more: what comes after it is there without a gap. */
  floor: number;
  bytes = 0;
  readonly #items: KeptItem[] = [];
  /** Where an id has been used again, its first item. */
  readonly #byId = new Map<string, KeptItem>();

  constructor(name: string, floor: number) {
    this.name = name;
    this.floor = floor;
  }

  get size(): number {
    return this.#items.length;
  }

  get oldest(): KeptItem | undefined {
    return this.#items[0];
  }

  find(id: string): KeptItem | undefined {
    return this.#byId.get(id);
  }

  /** The items with numbers above this one. */
  after(number: number): readonly KeptItem[] {
    const last = this.#items.findLastIndex((kept) => kept.number <= number);
    return this.#items.slice(last + 1);
  }

  add(kept: KeptItem): void {
    const { id } = kept.item;
    this.#items.push(kept);
    this.bytes += kept.bytes;
    if (id !== undefined && !this.#byId.has(id)) this.#byId.set(id, kept);
  }

  dropOldest(): KeptItem | undefined {
    const kept = this.#items.shift();
    if (kept === undefined) return undefined;
    const { id } = kept.item;
    this.bytes -= kept.bytes;
    this.floor = kept.number;
    if (id !== undefined && this.#byId.get(id) === kept) this.#byId.delete(id);
    return kept;
  }
}
