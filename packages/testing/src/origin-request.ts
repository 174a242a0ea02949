import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

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
    // As they came: an inner proxy adds to them.
    this.headers = { ...req.headers };
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
