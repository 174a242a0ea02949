import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { milliseconds } from '../duration.js';
import { quote } from '../timeline.js';
import type { ClientHost } from './http-request.js';
import { type Ending, Inbox, type NextOptions, PATIENCE } from './inbox.js';

/** What a WebSocket client offers, and how long it waits to be let in. */
export interface WebSocketInit extends NextOptions {
  readonly protocols?: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a WebSocket was closed. */
export interface WebSocketEnding extends Ending {
  /** 1006: the connection broke, without a Close. */
  readonly code: number;
  readonly reason: string;
}

/** The origin, or the proxy, did not let a WebSocket client in. */
export class WebSocketRefused extends Error {
  override readonly name = 'WebSocketRefused';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;

  constructor(path: string, response: IncomingMessage, body: string, timeline: string) {
    super(`WebSocket ${path} was refused with ${response.statusCode}: ${quote(body)}\n${timeline}`);
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.body = body;
  }
}

/** A WebSocket client. Text messages are strings, binary ones bytes. */
export class WebSocketClient {
  readonly #socket: WebSocket;
  readonly #inbox: Inbox<string | Uint8Array>;
  readonly #note: (what: string) => void;
  #close: { readonly code: number; readonly reason: string } = { code: 1006, reason: '' };

  private constructor(host: ClientHost, name: string, socket: WebSocket) {
    this.#socket = socket;
    const note = (what: string): void => host.timeline.add('client', `${name} ${what}`);
    this.#note = note;
    this.#inbox = new Inbox({
      name,
      noun: 'message',
      describe: show,
      timeline: () => host.timeline.toString(),
    });
    socket.on('message', (data: Buffer, isBinary) => {
      const message = isBinary ? data : data.toString();
      note(`gets ${show(message)}`);
      this.#inbox.push(message);
    });
    socket.on('ping', (data) => note(`gets a ping ${quote(data.toString())}`));
    socket.on('pong', (data) => note(`gets a pong ${quote(data.toString())}`));
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.#close = { code, reason: reason.toString() };
      note(`is closed with ${code} ${quote(reason.toString())}`);
      this.#inbox.end({ clean: code !== 1006, how: `it was closed with ${code}` });
    });
  }

  /**
   * Opens a WebSocket; waits until it is accepted.
   * @throws WebSocketRefused where it is not; Error where nobody says so in time, or the connection breaks.
   */
  static async open(
    host: ClientHost,
    path: string,
    { protocols = [], headers = {}, timeout = PATIENCE }: WebSocketInit = {},
  ): Promise<WebSocketClient> {
    const url = new URL(path, host.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const ms = milliseconds(timeout);
    const name = host.name('WebSocket');
    host.timeline.add('client', `${name} asks ${path}`);
    const socket = new WebSocket(url, [protocols].flat(), {
      headers: { ...headers },
      perMessageDeflate: false,
      createConnection: () => host.connect(),
    });
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const fail = (why: string, cause?: unknown): void => {
          reject(new Error(`${name}: waited to be let in, but ${why}\n${host.timeline}`, { cause }));
          socket.terminate();
        };
        timer = setTimeout(() => fail(`nobody said so within ${ms} ms`), ms);
        socket.once('unexpected-response', (_request, response) => {
          text(response).then(
            (body) => reject(new WebSocketRefused(path, response, body, host.timeline.toString())),
            (error) => fail('its refusal broke off', error),
          );
        });
        socket.once('error', (error) => fail(error.message, error));
        // Before the first message can come.
        socket.once('upgrade', () => {
          const client = new WebSocketClient(host, name, socket);
          socket.once('open', () => resolve(client));
        });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The subprotocol that was chosen; may be empty. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** All messages that have come. */
  get received(): readonly (string | Uint8Array)[] {
    return this.#inbox.received;
  }

  /**
   * The next message; waits for it.
   * @throws Error where none comes in time; it says what has come so far, and what happened in the test.
   */
  next(options?: NextOptions): Promise<string | Uint8Array> {
    return this.#inbox.next(options);
  }

  /** Waits until it is closed. @throws Error where that does not happen in time. */
  async closed(options?: NextOptions): Promise<WebSocketEnding> {
    return { ...(await this.#inbox.ended(options)), ...this.#close };
  }

  /** Sends a message: text as text, bytes as a binary one. @throws Error where it is closed. */
  send(message: string | Uint8Array): void {
    this.#checkOpen();
    this.#note(`sends ${show(message)}`);
    this.#socket.send(message);
  }

  /** Sends a ping; the answer is among the events of the test. @throws Error where it is closed. */
  ping(data: string | Uint8Array = ''): void {
    this.#checkOpen();
    this.#note(`sends a ping ${show(data)}`);
    this.#socket.ping(data);
  }

  /** Begins to close; {@link WebSocketClient.closed} waits for the answer. */
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  /** Takes no more, as a slow client does. */
  stall(): void {
    this.#socket.pause();
  }

  /** Takes what there is, and what comes. */
  resume(): void {
    this.#socket.resume();
  }

  /** Breaks the connection, without a Close. */
  drop(): void {
    this.#socket.terminate();
  }

  #checkOpen(): void {
    if (this.#socket.readyState === WebSocket.OPEN) return;
    throw new Error(`nothing can be sent: ${this.#inbox.ending?.how ?? 'the WebSocket is being closed'}`);
  }
}

function show(message: string | Uint8Array): string {
  return typeof message === 'string' ? quote(message) : `${message.length} bytes`;
}
