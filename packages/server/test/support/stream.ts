/** A response whose body is read as it comes. */
export class Stream {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = '';

  private constructor(
    response: Response,
    abort: AbortController,
    reader: ReadableStreamDefaultReader<string>,
  ) {
    this.response = response;
    this.#abort = abort;
    this.#reader = reader;
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.body === null) throw new Error(`${url} has no body`);
    return new Stream(response, abort, response.body.pipeThrough(new TextDecoderStream()).getReader());
  }

  /** Resolves with all that came so far as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`ended without ${pattern}: ${this.#text}`);
      this.#text += value;
    }
    return this.#text;
  }

  close(): void {
    // The read that is under way ends with an error, which is meant.
    this.#reader.closed.catch(() => {});
    this.#abort.abort();
  }
}
