import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Activity } from './activity.js';
import { type Reply, type RequestLine, readReplies } from './reply.js';

/** A client that is a bare TCP socket: what it sends is not improved, and what it gets is kept byte by byte. */
export class RawClient {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #requests: RequestLine[] = [];
  #onBytes: () => void = () => {};
  /** Who closed the connection, and how. */
  #closed: 'no' | 'ended' | 'reset' | 'left' = 'no';

  private constructor(socket: Socket, activity: Activity) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#onBytes();
      activity.changed();
    });
    // a reset is an outcome to be recorded, not a failure of the suite
    socket.on('error', () => {
      if (this.#closed === 'no') this.#closed = 'reset';
    });
    socket.on('close', () => {
      if (this.#closed === 'no') this.#closed = 'ended';
      activity.changed();
    });
  }

  static async open(port: number, activity: Activity): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawClient(socket, activity);
  }

  /** Sends `bytes`, which begin `requests`: a response can only be read by who knows what was asked. */
  send(bytes: string | Uint8Array, requests: readonly RequestLine[]): void {
    this.#requests.push(...requests);
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }

  /** Calls `listener` after each arrival of bytes. */
  onBytes(listener: () => void): void {
    this.#onBytes = listener;
  }

  /** Everything that came so far, as Latin-1 so that a byte is a character. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Whether the proxy closed the connection. */
  get closed(): boolean {
    return this.#closed === 'ended' || this.#closed === 'reset';
  }

  get replies(): Reply[] {
    return readReplies(Buffer.concat(this.#chunks), this.#closed === 'ended', this.closed, this.#requests);
  }

  /** Drops the connection; resolves when nothing is left of it on this side. */
  async hangUp(): Promise<void> {
    if (this.#socket.closed) return;
    if (this.#closed === 'no') this.#closed = 'left';
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }
}
