import { OldestFirst } from './oldest-first.js';
import { ENTRY_COST, type Table, type TableBudget } from './table-budget.js';

/** A map by names whose oldest entries go when all tables together have too many bytes. */
export class BoundedTable<Value> implements Table {
  readonly #entries = new OldestFirst<string, Value>();
  readonly #budget: TableBudget;
  readonly #bytesOf: (value: Value) => number;
  #bytes = 0;

  /** @param bytesOf what a value takes besides the entry itself */
  constructor(budget: TableBudget, bytesOf: (value: Value) => number) {
    this.#budget = budget;
    this.#bytesOf = bytesOf;
    budget.add(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get oldest(): readonly [string, Value] | undefined {
    return this.#entries.oldest;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The entry is the newest one from now on. */
  set(key: string, value: Value): void {
    const before = this.#entries.get(key);
    if (before === undefined) {
      this.add(key, value);
      return;
    }
    this.#entries.set(key, value);
    this.#grow(this.#bytesOf(value) - this.#bytesOf(before));
  }

  /** Sets an entry that is not there. */
  add(key: string, value: Value): void {
    this.#entries.add(key, value);
    this.#grow(this.#cost(key, value));
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#grow(-this.#cost(key, value));
  }

  clear(): void {
    this.#entries.clear();
    this.#grow(-this.#bytes);
  }

  dropOldest(): void {
    const [key] = this.#entries.oldest ?? [];
    if (key !== undefined) this.delete(key);
  }

  #cost(key: string, value: Value): number {
    return ENTRY_COST + key.length + this.#bytesOf(value);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#budget.grow(bytes);
    else this.#budget.shrink(-bytes);
  }
}
