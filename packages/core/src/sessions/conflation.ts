/** What waits for a slow client when only the newest item of each channel is kept. */
export class Conflation<T> {
  readonly #kept = new Map<string, { readonly what: T; readonly bytes: number }>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** Keeps `what` in place of the one before it. */
  put(channel: string, what: T, bytes: number): void {
    const before = this.#kept.get(channel);
    this.#bytes += bytes - (before?.bytes ?? 0);
    // What is newest goes last.
    this.#kept.delete(channel);
    this.#kept.set(channel, { what, bytes });
  }

  /** Takes out all, in the order in which they came. */
  take(): T[] {
    const kept = [...this.#kept.values()].map(({ what }) => what);
    this.#kept.clear();
    this.#bytes = 0;
    return kept;
  }
}
