/** Begins an item; nothing else of what is sent has this byte, but for a head at most. */
const MARK = 0x23;
const DIGITS = 8;
const ZERO = 48;

/** Bytes of the shortest item. */
const MIN_BYTES = 1 + DIGITS;

/** Writes items: a mark, their number, padding. */
export class ItemWriter {
  readonly #padding: string;

  constructor(bytes: number) {
    this.#padding = '.'.repeat(Math.max(0, bytes - MIN_BYTES));
  }

  write(number: number): string {
    return `#${String(number).padStart(DIGITS, '0')}${this.#padding}`;
  }
}

/** Finds the numbers of items in what a connection brings, whatever frames or chunks they are in. */
export class ItemReader {
  readonly #skip: number;
  readonly #onItem: (number: number) => void;
  /** Numbers that came not long ago, each at its own place: what comes again is there. */
  readonly #seen: Int32Array;
  /** Bytes of the last item that are not here yet, at least. */
  #left = 0;
  /** Digits that have been read of a number; -1: none is being read. */
  #digits = -1;
  #number = 0;
  #duplicates = 0;

  /** `window`: how many numbers are remembered; a power of two. */
  constructor(itemBytes: number, window: number, onItem: (number: number) => void) {
    this.#skip = Math.max(0, itemBytes - MIN_BYTES);
    this.#onItem = onItem;
    this.#seen = new Int32Array(window).fill(-1);
  }

  /** Items that came twice. */
  get duplicates(): number {
    return this.#duplicates;
  }

  read(bytes: Buffer, from: number, length: number): void {
    let at = from + this.#left;
    this.#left = 0;
    while (at < length) {
      if (this.#digits === -1) {
        while (at < length && bytes[at] !== MARK) at++;
        if (at === length) return;
        this.#digits = this.#number = 0;
        at++;
      }
      while (at < length && this.#digits < DIGITS) {
        this.#number = this.#number * 10 + (bytes[at] ?? ZERO) - ZERO;
        this.#digits++;
        at++;
      }
      if (this.#digits < DIGITS) return;
      this.#digits = -1;
      at += this.#skip;
      this.#got(this.#number);
    }
    this.#left = at - length;
  }

  #got(number: number): void {
    const place = number & (this.#seen.length - 1);
    if (this.#seen[place] === number) {
      this.#duplicates++;
      return;
    }
    this.#seen[place] = number;
    this.#onItem(number);
  }
}
