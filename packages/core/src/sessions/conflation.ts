/** What waits for a slow client when only the newest item of each channel is kept. */
export class Conflation<T> {
  readonly #kept = new Map<string, { readonly what: T; readonly bytes: number }>();
  readonly #costOfOne: number;
  #bytes = 0;

  /** @param costOfOne bytes that one takes besides its own */
  constructor(costOfOne: number) {
    this.#costOfOne = costOfOne;
  }

  /** Bytes that all take. */
  get cost(): number {
    return this.#bytes + this.#kept.size * this.#costOfOne;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept of a channel. */
  get(channel: string): T | undefined {
    return this.#kept.get(channel)?.what;
  }

  /** Keeps `what` in place of the one before it, whose bytes it gives. */
  put(channel: string, what: T, bytes: number): number {
    const before = this.#kept.get(channel)?.bytes ?? 0;
    this.#bytes += bytes - before;
    // What is newest goes last.
    this.#kept.delete(channel);
    this.#kept.set(channel, { what, bytes });
    return before;
  }

  /** Takes out all, in the order in which they came. */
  take(): T[] {
    const kept = [...this.#kept.values()].map(({ what }) => what);
    this.#kept.clear();
    this.#bytes = 0;
    return kept;
  }
}
