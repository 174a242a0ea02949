import type { SteadyClock } from '../clock.js';
import { OldestFirst } from './oldest-first.js';
import type { PublishedItem } from './published-item.js';
import { ENTRY_COST, type Table, TableBudget } from './table-budget.js';

/** How much is kept of one channel, and of all: enough for a race or a short pause, little enough not to matter. */
const MAX_ITEMS = 100;
const MAX_CHANNEL_BYTES = 131_072;
const MAX_BYTES = 16_777_216;

/** Milliseconds after its last item, or its last numbered subscriber, that a channel is kept. */
const MAX_AGE = 60_000;

/** A window without items, besides its channel's name. */
const WINDOW_COST = ENTRY_COST + 128;

/** What is kept of a channel: each item follows the one before it. */
interface Window {
  readonly items: PublishedItem[];
  /** What the items take. */
  bytes: number;
  touchedAt: number;
}

/**
 * The last items of channels whose subscribers know the id of what they have. One that lacks some of them gets them from here,
 * if what it has connects to them; nobody need be asked.
 */
export class RecentItems implements Table {
  readonly #clock: SteadyClock;
  readonly #tables: TableBudget;
  /** Those that nobody has used for the longest time first. */
  readonly #windows = new OldestFirst<string, Window>();
  #bytes = 0;

  constructor(clock: SteadyClock, tables: TableBudget = new TableBudget()) {
    this.#clock = clock;
    this.#tables = tables;
    tables.add(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Items of this channel are kept from now on, for a while. */
  open(channel: string): void {
    const now = this.#clock.monotonic();
    this.#expire(now);
    const existing = this.#windows.get(channel);
    this.#touch(channel, existing ?? { items: [], bytes: 0, touchedAt: now }, now);
    if (existing === undefined) this.#grow(WINDOW_COST + channel.length);
  }

  /** Whether items of this channel are kept. */
  keeps(channel: string): boolean {
    return this.#windows.has(channel);
  }

  /** An item goes out to the subscribers of its channel, or would if there were any. */
  add(published: PublishedItem): void {
    const { channel, id, prevId, noSeq } = published.item;
    const window = this.#windows.get(channel);
    // What is outside of the order is not what somebody who asks by an id misses.
    if (window === undefined || noSeq) return;
    const last = window.items.at(-1);
    // Nothing can be followed across an item without ids.
    if (id === undefined || prevId === undefined || (last !== undefined && last.item.id !== prevId)) {
      this.#drop(window, window.items.length);
    }
    if (id === undefined || prevId === undefined) return;
    window.items.push(published);
    window.bytes += published.cost;
    this.#touch(channel, window, this.#clock.monotonic());
    this.#grow(published.cost);
    while (window.items.length > MAX_ITEMS || window.bytes > MAX_CHANNEL_BYTES) this.#drop(window, 1);
    while (this.#bytes > MAX_BYTES) this.dropOldest();
  }

  /** What came after the item of this id, up to the last item of the channel; undefined: not known, or nothing did. */
  after(channel: string, id: string): readonly PublishedItem[] | undefined {
    const items = this.#windows.get(channel)?.items ?? [];
    const start = items.findIndex(({ item }) => item.prevId === id);
    return start === -1 ? undefined : items.slice(start);
  }

  clear(): void {
    this.#windows.clear();
    this.#shrink(this.#bytes);
  }

  /** A whole channel goes. */
  dropOldest(): void {
    const [channel, window] = this.#windows.oldest ?? [];
    if (channel === undefined || window === undefined) return;
    this.#drop(window, window.items.length);
    this.#windows.delete(channel);
    this.#shrink(WINDOW_COST + channel.length);
  }

  #touch(channel: string, window: Window, now: number): void {
    window.touchedAt = now;
    this.#windows.set(channel, window);
  }

  #expire(now: number): void {
    for (let oldest = this.#windows.oldest; oldest !== undefined; oldest = this.#windows.oldest) {
      if (now - oldest[1].touchedAt < MAX_AGE) return;
      this.dropOldest();
    }
  }

  #drop(window: Window, count: number): void {
    for (const { cost } of window.items.splice(0, count)) {
      window.bytes -= cost;
      this.#shrink(cost);
    }
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#tables.grow(bytes);
  }

  #shrink(bytes: number): void {
    this.#bytes -= bytes;
    this.#tables.shrink(bytes);
  }
}
