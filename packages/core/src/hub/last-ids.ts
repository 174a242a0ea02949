import { BoundedTable } from './bounded-table.js';
import { TableBudget } from './table-budget.js';

/** The id of the last item of each channel: bounded, and the channel whose id was set longest ago goes first. */
export class LastIds {
  readonly #ids: BoundedTable<string>;
  readonly #max: number;

  constructor(max: number, tables: TableBudget = new TableBudget()) {
    this.#ids = new BoundedTable(tables, (id) => id.length);
    this.#max = max;
  }

  get(channel: string): string | undefined {
    return this.#ids.get(channel);
  }

  /** Notes the id of the newest item; undefined: the newest item has none, so the last id is unknown. */
  set(channel: string, id: string | undefined): void {
    if (id === undefined) {
      this.#ids.delete(channel);
      return;
    }
    this.#ids.set(channel, id);
    if (this.#ids.size <= this.#max) return;
    this.#ids.dropOldest();
  }

  forget(channel: string): void {
    this.#ids.delete(channel);
  }

  clear(): void {
    this.#ids.clear();
  }
}
