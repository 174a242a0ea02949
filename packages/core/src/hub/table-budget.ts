/** Something that remembers what publishers have said, and can do with less. */
export interface Table {
  /** What it takes. */
  readonly bytes: number;
  /** Forgets what has not been used the longest. Only called while there is something. */
  dropOldest(): void;
}

/** Bytes of heap that an entry of a hash map takes besides its texts. Measured with Node 20.20, x64: 90 to 110 for each of 100,000. */
export const ENTRY_COST = 112;

/** The share of the bound that is left when it has been enforced, so that it need not be again for the next entry. */
const KEPT = 0.98;

/** The share that what cannot be forgotten may take. */
const CLAIMED = 0.5;

/** Bounds what all tables of a proxy take together: the largest gives up what it has not used the longest. */
export class TableBudget {
  readonly #maxBytes: number;
  readonly #onFull: () => void;
  readonly #tables: Table[] = [];
  /** What cannot be forgotten. */
  #claimed = 0;
  #bytes = 0;

  /** @param onFull hears each time that something had to be forgotten or refused */
  constructor(maxBytes: number = Number.POSITIVE_INFINITY, onFull: () => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
  }

  /** What all take. */
  get bytes(): number {
    return this.#bytes;
  }

  add(table: Table): void {
    this.#tables.push(table);
  }

  /** A table takes so many bytes more, which its own count has already. */
  grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#maxBytes) return;
    this.#makeRoom();
    this.#onFull();
  }

  shrink(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Takes room for what cannot be forgotten. False: there is none. */
  claim(bytes: number): boolean {
    if (this.#claimed + bytes > this.#maxBytes * CLAIMED) {
      this.#onFull();
      return false;
    }
    this.#claimed += bytes;
    this.grow(bytes);
    return true;
  }

  /** Gives back what {@link TableBudget.claim} took. */
  release(bytes: number): void {
    this.#claimed -= bytes;
    this.shrink(bytes);
  }

  #makeRoom(): void {
    while (this.#bytes > this.#maxBytes * KEPT) {
      const largest = this.#tables.reduce((one, other) => (other.bytes > one.bytes ? other : one), NONE);
      if (largest.bytes === 0) return;
      largest.dropOldest();
    }
  }
}

const NONE: Table = { bytes: 0, dropOldest() {} };
