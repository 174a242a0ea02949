import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LogOrigin } from './log-origin.js';
import type { TrueLog } from './true-log.js';

/** What can be wrong with an origin, by what it does. */
const TROUBLES = {
  hangs: () => {},
  'answers 500': (res) => res.writeHead(500).end('out of order'),
  'answers garbage': (res) => res.socket?.end('garbage\r\n\r\n'),
  'resets its connections': (res) => res.socket?.resetAndDestroy(),
  'breaks off before its content': (res) => {
    res.writeHead(200, { 'Grip-Hold': 'stream', 'Content-Length': 10 }).flushHeaders();
    setImmediate(() => res.destroy());
  },
  'answers a hold that makes no sense': (res) => res.writeHead(200, { 'Grip-Hold': 'maybe' }).end('?'),
  'answers a hold of another kind': (res) => res.writeHead(200, { 'Grip-Hold': 'response' }).end('?'),
  'breaks off in the middle of its content': (res) => {
    res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'a', 'Content-Length': 10 });
    res.write('half', () => setImmediate(() => res.destroy()));
  },
} satisfies Record<string, (res: ServerResponse) => unknown>;

export type Trouble = keyof typeof TROUBLES;

/** A {@link LogOrigin} on a port of its own, which can be in trouble, stop, and come back. */
export class TroubledOrigin {
  readonly log: TrueLog;
  /** What it does in place of what it should. */
  trouble: Trouble | undefined;
  /** Requests so far, in trouble or not. */
  asked = 0;
  /** The events of WebSockets that it has got, one text a request. */
  readonly events: string[] = [];
  readonly #origin: LogOrigin;
  #server = http.createServer();
  #port = 0;

  constructor(log: TrueLog, linkTimeoutSeconds: number) {
    this.log = log;
    this.#origin = new LogOrigin(log, linkTimeoutSeconds);
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before. */
  async start(): Promise<void> {
    this.#server = http.createServer((req, res) => this.#take(req, res));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Is not there any more: its connections are gone, and new ones are refused. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #take(req: IncomingMessage, res: ServerResponse): void {
    this.asked++;
    if (this.trouble !== undefined) {
      TROUBLES[this.trouble](res);
      return;
    }
    if (req.method === 'POST') {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => this.events.push(Buffer.concat(chunks).toString('latin1')));
    }
    this.#origin.listener(req, res);
  }
}
