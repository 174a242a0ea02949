/** Counts the requests to origins that are under way. */
export class CallCounter {
  #active = 0;
  readonly #idle: (() => void)[] = [];

  get active(): number {
    return this.#active;
  }

  begin(): void {
    this.#active++;
  }

  end(): void {
    if (--this.#active > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }

  /** Resolves when none is under way, or after `ms` milliseconds. */
  async idle(ms: number): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
