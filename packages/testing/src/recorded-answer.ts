import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import type { OriginAnswer } from './origin-request.js';

const DECODERS: ReadonlyMap<string, (bytes: Buffer) => Buffer> = new Map([
  ['gzip', unzipSync],
  ['deflate', unzipSync],
  ['br', brotliDecompressSync],
]);

/** Who hears of an answer as the app gives it. */
export interface AnswerListener {
  /** The head is complete. */
  onHead(): void;
  /** A part of the body has been written. */
  onBody(): void;
  onEnd(): void;
}

/** What an app answers, recorded where it writes it. */
export class RecordedAnswer {
  readonly #res: ServerResponse;
  readonly #listener: AnswerListener;
  readonly #chunks: Buffer[] = [];
  /** Those given to `writeHead`, which a response does not keep. */
  #fields: OutgoingHttpHeaders = {};

  constructor(res: ServerResponse, listener: AnswerListener) {
    this.#res = res;
    this.#listener = listener;
    this.#patch(res);
  }

  /** The fields of the head, as far as they have been set. */
  get headers(): OutgoingHttpHeaders {
    return { ...this.#res.getHeaders(), ...this.#fields };
  }

  /** The body, as far as it has been written; without its content coding, once it is whole. */
  get bytes(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    const decode = DECODERS.get(String(this.headers['content-encoding']).toLowerCase());
    if (decode === undefined || !this.#res.writableEnded) return bytes;
    try {
      return decode(bytes);
    } catch {
      return bytes;
    }
  }

  get answer(): OriginAnswer {
    return { status: this.#res.statusCode, headers: this.headers, body: this.bytes.toString() };
  }

  #patch(res: ServerResponse): void {
    const { writeHead, write, end } = res;
    res.writeHead = ((...args: unknown[]): ServerResponse => {
      this.#fields = fieldsOf(args.at(-1));
      Reflect.apply(writeHead, res, args);
      this.#listener.onHead();
      return res;
    }) as typeof writeHead;
    res.write = ((...args: unknown[]): boolean => {
      this.#keep(args[0], args[1]);
      const taken = Reflect.apply(write, res, args);
      this.#listener.onBody();
      return taken;
    }) as typeof write;
    res.end = ((...args: unknown[]): ServerResponse => {
      const isFirst = !res.writableEnded;
      if (isFirst) this.#keep(args[0], args[1]);
      Reflect.apply(end, res, args);
      if (isFirst) this.#listener.onEnd();
      return res;
    }) as typeof end;
  }

  #keep(chunk: unknown, encoding: unknown): void {
    if (chunk instanceof Uint8Array) this.#chunks.push(Buffer.from(chunk));
    else if (typeof chunk === 'string')
      this.#chunks.push(
        Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'),
      );
  }
}

/** By lower-case names, of the forms that `writeHead` takes: an object, or names and values in turn. */
function fieldsOf(given: unknown): OutgoingHttpHeaders {
  if (typeof given !== 'object' || given === null) return {};
  const fields: OutgoingHttpHeaders = {};
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) fields[name.toLowerCase()] = value;
    return fields;
  }
  for (let i = 0; i + 1 < given.length; i += 2) {
    const name = String(given[i]).toLowerCase();
    fields[name] =
      fields[name] === undefined ? given[i + 1] : [fields[name], given[i + 1]].flat().map(String);
  }
  return fields;
}

/** Has an answer break off: half of the first part of its body is sent, and nothing after it. */
export function cutAnswer(res: ServerResponse): void {
  const { write } = res;
  const cut = (chunk?: unknown): void => {
    const bytes =
      typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
    if (bytes.length < 2) res.flushHeaders();
    else Reflect.apply(write, res, [bytes.subarray(0, bytes.length / 2)]);
    // What is written is on its way first.
    setImmediate(() => res.destroy());
  };
  Object.assign(res, {
    write(chunk: unknown): boolean {
      cut(chunk);
      return true;
    },
    end(chunk: unknown): ServerResponse {
      cut(chunk);
      return res;
    },
  });
}
