import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type HttpReply, readReplies } from './http-reply.js';
import type { RawClient } from './raw-client.js';
import type { Stage } from './stage.js';
import { WsEnd } from './ws-end.js';

/** The example of RFC 6455 1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The answer to {@link KEY}. */
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The fields of a handshake. */
export const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
];

/** A WebSocket client on a bare connection. */
export class WsClient extends WsEnd {
  readonly raw: RawClient;
  #head: HttpReply | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #opening = new EventEmitter();

  private constructor(raw: RawClient) {
    super(raw.socket, true);
    this.raw = raw;
    raw.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    raw.socket.on('close', () => this.#opening.emit('news'));
  }

  /** Sends a handshake; `fields` follow those that belong to each. */
  static async ask(
    stage: Stage,
    to: { readonly port: number },
    path = '/ws',
    fields: readonly string[] = [],
  ): Promise<WsClient> {
    const client = new WsClient(await stage.client(to));
    client.raw.request(`GET ${path}`, [...HANDSHAKE, ...fields]);
    return client;
  }

  /** Sends a handshake, and waits until it has been accepted. */
  static async open(
    stage: Stage,
    to: { readonly port: number },
    path?: string,
    fields?: readonly string[],
  ): Promise<WsClient> {
    const client = await WsClient.ask(stage, to, path, fields);
    await client.opened();
    return client;
  }

  /** Waits until the handshake has been accepted, and gives the response. */
  async opened(): Promise<HttpReply> {
    while (this.#head === undefined) {
      if (this.ending !== undefined) throw new Error(`connection ${this.ending} without an answer`);
      await once(this.#opening, 'news');
    }
    assert.equal(this.#head.status, 101, this.raw.text);
    return this.#head;
  }

  /** Whether the handshake has been answered. */
  get answered(): boolean {
    return this.#head !== undefined;
  }

  /** Reads no more of what comes. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#head !== undefined) {
      if (this.#head.status === 101) this.feed(chunk);
      return;
    }
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end === -1) return;
    [this.#head] = readReplies(this.#bytes.subarray(0, end + 4), [], false);
    this.#opening.emit('news');
    if (this.#head?.status === 101) this.feed(this.#bytes.subarray(end + 4));
  }
}
