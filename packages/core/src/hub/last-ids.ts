/** The id of the last item of each channel: bounded, and the channel whose id was set longest ago goes first. */
export class LastIds {
  readonly #ids = new Map<string, string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(channel: string): string | undefined {
    return this.#ids.get(channel);
  }

  /** Notes the id of the newest item; undefined: the newest item has none, so the last id is unknown. */
  set(channel: string, id: string | undefined): void {
    // A Map keeps the order of insertion: what is set anew moves to the end.
    this.#ids.delete(channel);
    if (id === undefined) return;
    this.#ids.set(channel, id);
    if (this.#ids.size > this.#max) {
      const [oldest] = this.#ids.keys();
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
  }

  forget(channel: string): void {
    this.#ids.delete(channel);
  }

  clear(): void {
    this.#ids.clear();
  }
}
