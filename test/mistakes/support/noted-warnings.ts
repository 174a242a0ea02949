/** The warnings of P-8 that the process has emitted while it listens: `CODE message`. */
export class NotedWarnings {
  readonly #texts: string[] = [];
  readonly #note = (warning: Error & { code?: string }): void => {
    if (warning.name === 'P8Warning') this.#texts.push(`${warning.code} ${warning.message}`);
  };

  constructor() {
    process.on('warning', this.#note);
  }

  /** What has been emitted so far. */
  async all(): Promise<readonly string[]> {
    // Node emits a warning in the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#texts;
  }

  /** Their codes. */
  async codes(): Promise<readonly string[]> {
    return (await this.all()).map((text) => text.split(' ')[0] ?? '');
  }

  stop(): void {
    process.off('warning', this.#note);
  }
}
