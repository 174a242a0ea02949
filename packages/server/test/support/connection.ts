import { connect, type Socket } from 'node:net';

/** A raw TCP connection that collects what comes. */
export class Connection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #text = '';

  /** @param url `http://HOST:PORT`, or `unix:PATH` */
  constructor(url: string) {
    this.#socket = url.startsWith('unix:')
      ? connect(url.slice('unix:'.length))
      : connect(Number(new URL(url).port), new URL(url).hostname);
    this.#socket.setEncoding('utf8').on('data', (chunk) => {
      this.#text += chunk;
    });
    this.#socket.on('error', () => {});
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  send(text: string): this {
    this.#socket.write(text);
    return this;
  }

  /** Resolves with all that came so far as soon as it contains `expected`. */
  async received(expected: string): Promise<string> {
    while (!this.#text.includes(expected)) {
      if (this.#socket.closed) throw new Error(`closed without ${expected}: ${this.#text}`);
      await Promise.race([new Promise((resolve) => this.#socket.once('data', resolve)), this.#closed]);
    }
    return this.#text;
  }

  /** Resolves with all that came when the other end has closed. */
  async end(): Promise<string> {
    await this.#closed;
    return this.#text;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
