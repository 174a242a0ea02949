import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type HttpReply, readReplies } from './http-reply.js';
import { reset } from './reset.js';

/** Bytes at the end of what has come in which a text is looked for. */
const TAIL = 4096;

/** A client on a bare TCP connection: sends exactly what it is told, and reads exactly what comes. */
export class RawClient {
  readonly socket: net.Socket;
  /** How the connection ended; undefined: it is open. */
  ending: 'ended' | 'reset' | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  readonly #methods: string[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    });
    socket.on('error', () => {
      this.ending ??= 'reset';
    });
    socket.on('end', () => {
      this.ending ??= 'ended';
    });
    socket.on('close', () => {
      this.ending ??= 'ended';
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = net.connect(port, host);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawClient(socket);
  }

  /** How many bytes have come. */
  get receivedBytes(): number {
    return this.#bytes;
  }

  /** All that has come; a byte is a character. */
  get text(): string {
    return this.#received().toString('latin1');
  }

  /** All responses so far, interim ones included; the last one may not be complete. */
  get replies(): HttpReply[] {
    return readReplies(this.#received(), this.#methods, this.ending !== undefined);
  }

  /**
   * Sends a request such as `request('POST /path', ['X-A: 1'], 'body')`. Adds Host, and Content-Length where there is a
   * body, unless the fields have framing of their own.
   */
  request(line: string, fields: readonly string[] = [], body: string | Uint8Array = ''): void {
    const has = (pattern: RegExp): boolean => fields.some((one) => pattern.test(one));
    const head = [/ HTTP\/\d/.test(line) ? line : `${line} HTTP/1.1`];
    if (!has(/^host:/i)) head.push('Host: example.com');
    head.push(...fields);
    if (body.length > 0 && !has(/^(content-length|transfer-encoding):/i)) {
      head.push(`Content-Length: ${Buffer.byteLength(body)}`);
    }
    this.#methods.push(line.split(' ')[0] ?? '');
    this.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]));
  }

  /** Sends bytes as they are. Requests among them count as GET, unless `methods` says otherwise. */
  write(bytes: string | Uint8Array, methods: readonly string[] = []): void {
    this.#methods.push(...methods);
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits for a final response in whole; `index` counts from 0. */
  reply(index = 0): Promise<HttpReply> {
    return this.#find(index, (reply) => reply.complete, `reply ${index}`);
  }

  /** Waits for the head of a final response. */
  head(index = 0): Promise<HttpReply> {
    return this.#find(index, () => true, `head ${index}`);
  }

  /** Waits until the body of a final response has `text` in it. */
  bodyWith(text: string, index = 0): Promise<HttpReply> {
    return this.#find(index, ({ body }) => body.includes(text), `${JSON.stringify(text)} in body ${index}`);
  }

  /** Waits until the last bytes that have come have `text` among them: for much more than a body that is read again with each part. */
  async tail(text: string): Promise<void> {
    await this.#until(() => this.#lastBytes().includes(text), `${JSON.stringify(text)} at the end`);
  }

  /** Waits until at least so many bytes have come. */
  async bytes(count: number): Promise<void> {
    await this.#until(() => this.#bytes >= count, `${count} bytes`);
  }

  /** Waits until the other end has closed the connection, and tells how. */
  async closed(): Promise<'ended' | 'reset'> {
    while (this.ending === undefined) await this.#news();
    return this.ending;
  }

  /** Leaves without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Resets the connection. */
  reset(): void {
    reset(this.socket);
  }

  #lastBytes(): Buffer {
    const last: Buffer[] = [];
    let bytes = 0;
    for (let i = this.#chunks.length - 1; i >= 0 && bytes < TAIL; i--) {
      const chunk = this.#chunks[i] ?? Buffer.alloc(0);
      last.unshift(chunk);
      bytes += chunk.length;
    }
    return Buffer.concat(last);
  }

  async #find(index: number, wanted: (reply: HttpReply) => boolean, what: string): Promise<HttpReply> {
    const find = (): HttpReply | undefined => {
      const reply = this.replies.filter(({ status }) => status >= 200)[index];
      return reply !== undefined && wanted(reply) ? reply : undefined;
    };
    await this.#until(() => find() !== undefined, what);
    const found = find();
    assert(found);
    return found;
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.ending !== undefined)
        throw new Error(`connection ${this.ending} without ${what}: ${this.text}`);
      await this.#news();
    }
  }

  /** Resolves when bytes come or the connection ends. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('data', done).off('end', done).off('close', done);
        resolve();
      };
      this.socket.on('data', done).on('end', done).on('close', done);
    });
  }

  #received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}
