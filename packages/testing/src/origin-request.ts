import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What an origin answered. */
export interface OriginAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** A request as the origin got it, from the proxy. */
export class OriginRequest {
  /** Virtual milliseconds since the test began. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** What the app has answered; undefined: it has not yet. */
  answer: OriginAnswer | undefined;
  readonly #body: Buffer[] = [];

  constructor(at: number, req: IncomingMessage) {
    this.at = at;
    this.method = req.method ?? 'GET';
    this.url = req.url ?? '/';
    this.headers = req.headers;
    // As the bytes come, whoever reads them and whenever: to listen would make them flow.
    const push = req.push;
    req.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk !== null) this.#body.push(chunk);
      return push.call(req, chunk, encoding);
    };
  }

  /** The body as text, as far as it has come. */
  get body(): string {
    return this.bytes.toString();
  }

  /** The body, as far as it has come. */
  get bytes(): Buffer {
    return Buffer.concat(this.#body);
  }

  /** Whether it carries WebSocket events. */
  get isWebSocket(): boolean {
    return this.headers['content-type']?.startsWith('application/websocket-events') ?? false;
  }
}

/** Keeps what an app answers; `onBody` comes with each part of the body, `onEnd` when it is whole. */
export function recordAnswer(
  res: ServerResponse,
  onBody: () => void,
  onEnd: (answer: OriginAnswer, body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string')
      chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'));
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  // Fields that are given to writeHead are kept only where there have been others before.
  res.setHeader('P-8-Testing', '');
  res.removeHeader('P-8-Testing');
  const { write, end } = res;
  res.write = ((chunk: unknown, ...rest: unknown[]): boolean => {
    keep(chunk, rest[0]);
    const taken = Reflect.apply(write, res, [chunk, ...rest]);
    onBody();
    return taken;
  }) as typeof write;
  res.end = ((...args: unknown[]): ServerResponse => {
    keep(args[0], args[1]);
    const ended = !res.writableEnded;
    Reflect.apply(end, res, args);
    const body = Buffer.concat(chunks);
    if (ended) onEnd({ status: res.statusCode, headers: res.getHeaders(), body: body.toString() }, body);
    return res;
  }) as typeof end;
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
