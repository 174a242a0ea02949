import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { closeLine, Lines, messageLine } from '../interop/support/lines.js';

/** A WebSocket of a client that remembers what it hears, for tests that take one line after the other. */
export class WebSocketClient {
  readonly socket: WebSocket;
  /** `text hello`, `binary 00ff`, `close 1000 reason`. */
  readonly #heard = new Lines();
  #head: IncomingMessage | undefined;

  private constructor(url: string | URL, protocols: string[], options: ClientOptions) {
    const socket = new WebSocket(url, protocols, options);
    socket.on('upgrade', (head) => {
      this.#head = head;
    });
    socket.on('message', (data: Buffer, isBinary) => {
      this.#heard.add(messageLine(isBinary ? 'binary' : 'text', data));
    });
    socket.on('close', (code, reason) => this.#heard.add(closeLine(code, reason.toString())));
    this.socket = socket;
  }

  /** Resolves when the server has let it in. `url`: also `http:` and `ws+unix:PATH:/path`. @throws Error when it has not. */
  static async open(
    url: string | URL,
    options: ClientOptions & { readonly protocols?: readonly string[] } = {},
  ): Promise<WebSocketClient> {
    const { protocols = [], ...rest } = options;
    const client = new WebSocketClient(url, [...protocols], rest);
    await once(client.socket, 'open');
    // From here on, what goes wrong is told by the close.
    client.socket.on('error', () => {});
    return client;
  }

  /** The fields of the response that let it in. */
  get headers(): IncomingHttpHeaders {
    return this.#head?.headers ?? {};
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message);
  }

  /** The next thing that it hears; waits for it. */
  next(): Promise<string> {
    return this.#heard.next();
  }

  /** The content of the next text message, which is JSON. */
  async nextJson(): Promise<unknown> {
    const line = await this.next();
    if (!line.startsWith('text ')) throw new Error(`no text: ${line}`);
    return JSON.parse(line.slice('text '.length));
  }

  /** Closes properly, and waits for the end. */
  async close(code?: number, reason?: string): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close(code, reason);
    await closed;
  }

  /** Leaves without a word. */
  terminate(): void {
    this.socket.terminate();
  }
}
