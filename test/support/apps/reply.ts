import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** A response as a client sees it come in: decoded, in pieces, until it ends or is cut. */
export class Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly #message: IncomingMessage;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  readonly #waiting = new Set<() => void>();
  #state: 'open' | 'complete' | 'cut' = 'open';

  constructor(message: IncomingMessage) {
    this.status = message.statusCode ?? 0;
    this.reason = message.statusMessage ?? '';
    this.headers = message.headers;
    this.rawHeaders = message.rawHeaders;
    this.#message = message;
    const decoder = decoderFor(message);
    // Not piped: a pipe would resume a response that was told to stall.
    message.on('data', (chunk: Buffer) => (decoder === undefined ? this.#add(chunk) : decoder.write(chunk)));
    message.on('end', () => (decoder === undefined ? this.#end('complete') : decoder.end()));
    decoder?.on('data', (chunk: Buffer) => this.#add(chunk));
    decoder?.on('end', () => this.#end('complete'));
    message.on('close', () => {
      if (!message.complete) this.#end('cut');
    });
    message.on('error', () => {});
  }

  /** What has come so far. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** How many bytes of the body have come so far. */
  get length(): number {
    return this.#length;
  }

  get trailers(): NodeJS.Dict<string> {
    return this.#message.trailers;
  }

  /** Names of the fields that no client should ever see. */
  get gripFields(): string[] {
    return Object.keys(this.headers).filter((name) => /^grip[-_]/.test(name));
  }

  /** Resolves as soon as what has come satisfies `condition`. */
  async until(condition: (text: string) => boolean): Promise<string> {
    for (;;) {
      const { text } = this;
      if (condition(text)) return text;
      if (this.#state !== 'open') throw new Error(`the response is ${this.#state}: ${JSON.stringify(text)}`);
      await this.#change();
    }
  }

  /** Resolves as soon as `length` bytes of the body are here. */
  async untilLength(length: number): Promise<void> {
    while (this.#length < length) {
      if (this.#state !== 'open')
        throw new Error(`the response is ${this.#state} after ${this.#length} bytes`);
      await this.#change();
    }
  }

  /** Resolves with the whole body; rejects when it is cut. */
  async whole(): Promise<string> {
    while (this.#state === 'open') await this.#change();
    if (this.#state === 'cut') throw new Error(`the response is cut: ${JSON.stringify(this.text)}`);
    return this.text;
  }

  /** Resolves when the connection is gone without the end of the response. */
  async cut(): Promise<void> {
    while (this.#state === 'open') await this.#change();
    if (this.#state === 'complete') throw new Error(`the response is complete: ${JSON.stringify(this.text)}`);
  }

  /** Takes no more, so that the server has to wait, until {@link Reply.takeMore}. */
  stall(): void {
    this.#message.pause();
  }

  takeMore(): void {
    this.#message.resume();
  }

  /** Drops the connection. */
  leave(): void {
    this.#message.destroy();
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#changed();
  }

  #end(state: 'complete' | 'cut'): void {
    this.#state = state;
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function decoderFor(message: IncomingMessage): Transform | undefined {
  switch (message.headers['content-encoding']) {
    case 'gzip':
      return zlib.createGunzip();
    case 'br':
      return zlib.createBrotliDecompress();
    default:
      return undefined;
  }
}
