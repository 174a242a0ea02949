/** What somebody has heard or seen, line by line, for a test that takes one after the other. */
export class Lines {
  readonly #lines: string[] = [];
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  /** All lines so far. */
  get all(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    this.#lines.push(line);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** The next line; waits for it where it is not there yet. */
  async next(): Promise<string> {
    const at = this.#taken++;
    for (;;) {
      const line = this.#lines[at];
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** The next `count` lines. */
  async take(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.next());
    return lines;
  }

  /** Takes lines until one is `wanted`; resolves with those taken. */
  async until(wanted: string): Promise<string[]> {
    const lines: string[] = [];
    do lines.push(await this.next());
    while (lines.at(-1) !== wanted);
    return lines;
  }
}

/** A message as a line; bytes that are no text are in hexadecimal digits. */
export function messageLine(type: string, content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = type === 'binary' ? bytes.toString('hex') : bytes.toString();
  return text === '' ? type : `${type} ${text}`;
}

/** A Close as a line. */
export function closeLine(code: number, reason: string): string {
  return reason === '' ? `close ${code}` : `close ${code} ${reason}`;
}
