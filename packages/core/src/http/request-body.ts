import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** The most bytes of a request's body that are kept, so that the request can be sent again. Source: Pushpin. */
export const MAX_RECORDED_BODY = 100_000;

/** What is known of a request's body after it has passed, for sending the request again. */
export class BodyRecord {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #tooLarge = false;

  /** More than {@link MAX_RECORDED_BODY} bytes have passed: the request cannot be sent again, nor be held. */
  get tooLarge(): boolean {
    return this.#tooLarge;
  }

  add(chunk: Buffer): void {
    if (this.#tooLarge) return;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_RECORDED_BODY) {
      this.#tooLarge = true;
      this.#chunks = [];
    } else {
      this.#chunks.push(chunk);
    }
  }

  /** The body as it has passed so far; null when there was none. */
  bytes(): Buffer | null {
    return this.#bytes === 0 ? null : Buffer.concat(this.#chunks);
  }
}

/** Whether a request announces a body: RFC 9112 6.3. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}

/**
 * A request's body on its way to a remote origin, recorded as it passes. A stream of its own, since undici destroys the
 * body that it was given, and destroying a request takes the client's connection along.
 */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage;
  readonly #record: BodyRecord;

  constructor(req: IncomingMessage, record: BodyRecord) {
    super();
    this.#req = req;
    this.#record = record;
    req.on('data', this.#onData);
    req.once('end', this.#onEnd);
    req.once('error', this.#onError);
    req.pause();
  }

  override _read(): void {
    this.#req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    // What nobody wants any more must still be read, or the client's next request on the connection is never seen.
    this.#req.on('error', () => {});
    this.#req.resume();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#record.add(chunk);
    if (!this.push(chunk)) this.#req.pause();
  };
  readonly #onEnd = (): void => {
    this.push(null);
  };
  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };
}

/** What a body parser that is mounted before the proxy has made of a body. */
export interface ParsedBody {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * Records the body of a request that an app in this process reads by itself, without reading it: what the parser of
 * Node's server pushes into the stream is noted on its way.
 */
export function recordBody(req: IncomingMessage, record: BodyRecord, parsed: ParsedBody | undefined): void {
  if (req.readableDidRead) {
    const bytes = parsed === undefined ? undefined : rewriteBody(parsed, req.headers['content-type'] ?? '');
    if (bytes !== undefined) record.add(bytes);
    return;
  }
  if (req.readableLength > 0) {
    // Came before us: a look, and back it goes.
    const waiting: Buffer = req.read();
    record.add(waiting);
    req.unshift(waiting);
  }
  const push = req.push;
  req.push = function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
    if (Buffer.isBuffer(chunk)) record.add(chunk);
    return push.call(this, chunk, encoding);
  };
}

/** The body that a parser has read already, written down again from what it left. */
function rewriteBody({ body, rawBody }: ParsedBody, contentType: string): Buffer | undefined {
  for (const value of [rawBody, body]) {
    if (Buffer.isBuffer(value)) return value;
    if (typeof value === 'string') return Buffer.from(value);
  }
  if (typeof body !== 'object' || body === null) return undefined;
  if (contentType.includes('json')) return Buffer.from(JSON.stringify(body));
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return undefined;
  return Buffer.from(new URLSearchParams(body as Record<string, string>).toString());
}
