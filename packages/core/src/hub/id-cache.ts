import type { SteadyClock } from '../clock.js';
import { BoundedTable } from './bounded-table.js';
import { TableBudget } from './table-budget.js';

/** The most ids that are remembered, whatever the time: beyond it the oldest are forgotten early. */
const MAX_IDS = 1_000_000;

/** Which items have been seen lately: an item that comes twice, by several ways or by a publisher's retry, counts once. */
export class IdCache {
  readonly #seenAt: BoundedTable<number>;
  readonly #ttl: number;
  readonly #clock: SteadyClock;

  /** `ttl`: milliseconds that an id is remembered, from when it was first seen; 0: not at all. */
  constructor(ttl: number, clock: SteadyClock, tables: TableBudget = new TableBudget()) {
    this.#seenAt = new BoundedTable(tables, () => 0);
    this.#ttl = ttl;
    this.#clock = clock;
  }

  /** Whether the item has been seen before; from now on it has. */
  isDuplicate(channel: string, id: string | undefined): boolean {
    if (this.#ttl === 0 || id === undefined) return false;
    const now = this.#clock.monotonic();
    this.#expire(now);
    const key = keyOf(channel, id);
    if (this.#seenAt.has(key)) return true;
    this.#seenAt.add(key, now);
    return false;
  }

  /** The item has not been seen after all. */
  forget(channel: string, id: string | undefined): void {
    if (id !== undefined) this.#seenAt.delete(keyOf(channel, id));
  }

  #expire(now: number): void {
    for (let oldest = this.#seenAt.oldest; oldest !== undefined; oldest = this.#seenAt.oldest) {
      const [key, seenAt] = oldest;
      if (now - seenAt < this.#ttl && this.#seenAt.size < MAX_IDS) return;
      this.#seenAt.delete(key);
    }
  }
}

/** No channel name and id together can be read as another pair, since the length comes first. */
function keyOf(channel: string, id: string): string {
  return `${channel.length}:${channel}${id}`;
}
