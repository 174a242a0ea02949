/** Items that may be on their way at once, at most; a power of two. */
const WINDOW = 65_536;

/** Keeps the books of publishes under way: which items they brought, and how many deliveries these still need. */
export class Flights {
  readonly #items = new Int32Array(WINDOW).fill(-1);
  readonly #slots = new Int32Array(WINDOW);
  readonly #left: Int32Array;
  readonly #onArrived: (slot: number) => void;

  /** `onArrived`: the last client has the last item of a slot's publish. */
  constructor(slots: number, onArrived: (slot: number) => void) {
    this.#left = new Int32Array(slots);
    this.#onArrived = onArrived;
  }

  /** A slot publishes items, to be delivered so many times in all. */
  depart(slot: number, items: readonly number[], deliveries: number): void {
    this.#left[slot] = deliveries;
    for (const item of items) {
      this.#items[item % WINDOW] = item;
      this.#slots[item % WINDOW] = slot;
    }
  }

  /** Deliveries that a slot's publish still needs. */
  left(slot: number): number {
    return this.#left[slot] ?? 0;
  }

  /** Whatever of a slot's publish still comes is late. */
  abandon(slot: number): void {
    this.#left[slot] = 0;
    for (let at = 0; at < WINDOW; at++) if (this.#slots[at] === slot) this.#items[at] = -1;
  }

  /** One client got an item. */
  delivered(item: number): void {
    const at = item % WINDOW;
    if (this.#items[at] !== item) return;
    const slot = this.#slots[at] ?? 0;
    const left = this.left(slot) - 1;
    this.#left[slot] = left;
    if (left === 0) this.#onArrived(slot);
  }
}
