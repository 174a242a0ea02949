/** What is waited for, each for so long and no longer: in real time, for what virtual time has no say in. */
export class Patience<T> {
  readonly #ms: number;
  readonly #since = new Map<T, number>();

  /** @param ms milliseconds for each */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** It is waited for from now on; if it was before, anew. */
  begin(one: T): void {
    this.#since.set(one, performance.now());
  }

  end(one: T): void {
    this.#since.delete(one);
  }

  has(one: T): boolean {
    return this.#since.has(one);
  }

  /** Those that are still worth waiting for. */
  fresh(): T[] {
    const start = performance.now() - this.#ms;
    return [...this.#since].filter(([, since]) => since > start).map(([one]) => one);
  }

  /** How many there are that have taken too long. */
  get exhausted(): number {
    return this.#since.size - this.fresh().length;
  }
}
