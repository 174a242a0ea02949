import { EventEmitter, once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';

/** A request as an origin saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** In the order and letter case of the wire. */
  readonly rawHeaders: readonly string[];
  readonly headers: http.IncomingHttpHeaders;
  /** Grows while the body comes. */
  body: Buffer;
  /** The body is all there. */
  complete: boolean;
  /** The connection went away before the response was out. */
  abandoned: boolean;
  readonly res: ServerResponse;
}

/** Answers one request; `count`: how many came before it. */
export type OriginHandler = (res: ServerResponse, request: SeenRequest, count: number) => void;

/** An origin that listens on a port of its own and remembers what it was asked. */
export class Origin {
  readonly server: http.Server;
  readonly requests: SeenRequest[] = [];
  /** How many connections have come in. */
  connections = 0;
  readonly #news = new EventEmitter();

  private constructor(server: http.Server, handler: OriginHandler) {
    this.server = server;
    server.on('connection', () => {
      this.connections++;
    });
    server.on('request', (req, res) => this.#take(req, res, handler));
  }

  static async listen(handler: OriginHandler, server = http.createServer()): Promise<Origin> {
    const origin = new Origin(server, handler);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits for a request; `index` counts from 0. */
  async request(index = 0): Promise<SeenRequest> {
    return await this.#find(() => this.requests[index]);
  }

  /** Waits until a request's body is all there. */
  async completeRequest(index = 0): Promise<SeenRequest> {
    return await this.#find(() => (this.requests[index]?.complete ? this.requests[index] : undefined));
  }

  /** Waits until a request's connection has gone away before it was answered. */
  async abandonedRequest(index = 0): Promise<SeenRequest> {
    return await this.#find(() => (this.requests[index]?.abandoned ? this.requests[index] : undefined));
  }

  /** Waits until a request's body has `text` in it. */
  async bodyWith(text: string, index = 0): Promise<SeenRequest> {
    return await this.#find(() =>
      this.requests[index]?.body.includes(text) ? this.requests[index] : undefined,
    );
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  #take(req: IncomingMessage, res: ServerResponse, handler: OriginHandler): void {
    const seen: SeenRequest = {
      method: req.method ?? '',
      url: req.url ?? '',
      rawHeaders: req.rawHeaders,
      headers: req.headers,
      body: Buffer.alloc(0),
      complete: false,
      abandoned: false,
      res,
    };
    const count = this.requests.push(seen) - 1;
    req.on('data', (chunk: Buffer) => {
      seen.body = Buffer.concat([seen.body, chunk]);
      this.#news.emit('news');
    });
    req.on('end', () => {
      seen.complete = true;
      this.#news.emit('news');
    });
    req.on('error', () => {});
    res.on('close', () => {
      seen.abandoned = !res.writableFinished;
      this.#news.emit('news');
    });
    this.#news.emit('news');
    handler(res, seen, count);
  }

  async #find(look: () => SeenRequest | undefined): Promise<SeenRequest> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await once(this.#news, 'news');
    }
  }
}

/** How an instruct is written, in header mode. */
export interface HoldOptions {
  readonly status?: number;
  readonly reason?: string;
  /** Fields besides those of the hold, as lines: `Grip-Timeout: 10`. */
  readonly fields?: readonly string[];
  readonly body?: string | Buffer;
}

/** Answers with an instruct that holds the client. `channels`: as in `Grip-Channel`, parameters included. */
export function hold(
  res: ServerResponse,
  mode: 'response' | 'stream',
  channels: string | readonly string[],
  options: HoldOptions = {},
): void {
  const names = [channels].flat();
  respond(res, {
    ...options,
    fields: [
      `Grip-Hold: ${mode}`,
      ...names.map((name) => `Grip-Channel: ${name}`),
      ...(options.fields ?? []),
    ],
  });
}

/** Answers with text, or what the fields say that it is; they are given as lines. */
export function respond(
  res: ServerResponse,
  { status = 200, reason, fields = [], body = '' }: HoldOptions,
): void {
  const list = fields.flatMap(splitLine);
  if (!fields.some((line) => /^content-type:/i.test(line))) list.unshift('Content-Type', 'text/plain');
  if (reason === undefined) res.writeHead(status, list);
  else res.writeHead(status, reason, list);
  res.end(body);
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** An origin that is a bare TCP server: for what Node's own server would not send. */
export class RawOrigin {
  readonly server: net.Server;
  readonly sockets: net.Socket[] = [];
  readonly #news = new EventEmitter();

  private constructor(server: net.Server, onConnection: (socket: net.Socket, count: number) => void) {
    this.server = server;
    server.on('connection', (socket: net.Socket) => {
      socket.on('error', () => {});
      const count = this.sockets.push(socket) - 1;
      onConnection(socket, count);
      this.#news.emit('news');
    });
  }

  static async listen(onConnection: (socket: net.Socket, count: number) => void): Promise<RawOrigin> {
    const origin = new RawOrigin(net.createServer(), onConnection);
    origin.server.listen(0, '127.0.0.1');
    await once(origin.server, 'listening');
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits for a connection; `index` counts from 0. */
  async connection(index = 0): Promise<net.Socket> {
    for (;;) {
      const socket = this.sockets[index];
      if (socket !== undefined) return socket;
      await once(this.#news, 'news');
    }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Calls `answer` each time that the head of a request has come in on a bare connection; bodies are not understood. */
export function onRequestHead(socket: net.Socket, answer: (head: string, count: number) => void): void {
  let text = '';
  let count = 0;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      answer(head, count++);
    }
  });
}
