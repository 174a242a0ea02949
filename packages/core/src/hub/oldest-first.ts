/**
 * A map that knows its oldest entry: the one that was set longest ago. A plain `Map` has the same order, but looks each time
 * for its first entry through the places of all that were deleted before, and these become as many as there are entries.
 */
export class OldestFirst<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  /** Stands behind the oldest entry, or behind none. It goes on through whatever happens to the map meanwhile. */
  #walk: Iterator<[Key, Value]> | undefined;
  #oldest: [Key, Value] | undefined;

  get size(): number {
    return this.#entries.size;
  }

  /** The oldest entry. Costs the same however many there are, and have been. */
  get oldest(): readonly [Key, Value] | undefined {
    if (this.#oldest !== undefined || this.#entries.size === 0) return this.#oldest;
    this.#walk ??= this.#entries.entries();
    const { value, done } = this.#walk.next();
    this.#oldest = done ? undefined : value;
    return this.#oldest;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** The entry is the newest one from now on. */
  set(key: Key, value: Value): void {
    this.delete(key);
    this.#entries.set(key, value);
  }

  /** Sets an entry that is not there: looks for none first. */
  add(key: Key, value: Value): void {
    this.#entries.set(key, value);
  }

  delete(key: Key): void {
    if (!this.#entries.delete(key)) return;
    if (this.#oldest?.[0] === key) this.#oldest = undefined;
    // One that has come to the end does not go on.
    if (this.#entries.size === 0) this.#walk = undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#walk = this.#oldest = undefined;
  }
}
