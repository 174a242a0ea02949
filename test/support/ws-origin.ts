import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WsEnd } from './ws-end.js';

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A handshake that has come to an origin: to be answered one way or the other. */
export class WsHandshake {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly #head: Buffer;
  readonly #onAccept: (end: WsEnd) => void;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer, onAccept: (end: WsEnd) => void) {
    this.request = request;
    this.socket = socket;
    this.#head = head;
    this.#onAccept = onAccept;
  }

  /** The right `Sec-WebSocket-Accept`. */
  get key(): string {
    const key = this.request.headers['sec-websocket-key'] ?? '';
    return createHash('sha1')
      .update(key + GUID)
      .digest('base64');
  }

  /** Lets the client in. `fields`: lines; `early`: what is written along with the response. */
  accept(fields: readonly string[] = [], early: Uint8Array = Buffer.alloc(0)): WsEnd {
    const own = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${this.key}`];
    const end = new WsEnd(this.socket, false);
    this.answer('101 Switching Protocols', [...own, ...fields], early);
    this.socket.on('data', (chunk: Buffer) => end.feed(chunk));
    if (this.#head.length > 0) end.feed(this.#head);
    this.#onAccept(end);
    return end;
  }

  /** Writes a response as it is. */
  answer(status: string, fields: readonly string[], body: string | Uint8Array = ''): void {
    const lines = fields.map((line) => `${line}\r\n`).join('');
    const head = Buffer.from(`HTTP/1.1 ${status}\r\n${lines}\r\n`, 'latin1');
    this.socket.write(Buffer.concat([head, Buffer.from(body)]));
  }
}

/** An origin that speaks WebSocket. */
export class WsOrigin {
  readonly server: http.Server = http.createServer((_req, res) => res.end('plain'));
  readonly handshakes: WsHandshake[] = [];
  /** Those that were accepted. */
  readonly ends: WsEnd[] = [];
  readonly #news = new EventEmitter();

  private constructor(onHandshake: (handshake: WsHandshake, count: number) => void) {
    this.server.on('upgrade', (req, socket, head) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      const handshake = new WsHandshake(req, socket, head, (end) => {
        this.ends.push(end);
        this.#news.emit('news');
      });
      const count = this.handshakes.push(handshake) - 1;
      this.#news.emit('news');
      onHandshake(handshake, count);
    });
  }

  /** `onHandshake`: answers handshakes; accepts all by default. */
  static async listen(
    onHandshake: (handshake: WsHandshake, count: number) => void = (handshake) => handshake.accept(),
  ): Promise<WsOrigin> {
    const origin = new WsOrigin(onHandshake);
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

  /** Waits for a handshake; `index` counts from 0. */
  handshake(index = 0): Promise<WsHandshake> {
    return this.#find(() => this.handshakes[index]);
  }

  /** Waits for a connection that was accepted. */
  connection(index = 0): Promise<WsEnd> {
    return this.#find(() => this.ends[index]);
  }

  async close(): Promise<void> {
    for (const { socket } of this.handshakes) socket.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  async #find<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await once(this.#news, 'news');
    }
  }
}
