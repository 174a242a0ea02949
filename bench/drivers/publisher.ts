import { Connection } from './connection.js';
import { ResponseReader } from './response-reader.js';

/** Publishes, one request at a time, on a connection that is kept where the server keeps it: the reference does not. */
export class Publisher {
  readonly #port: number;
  readonly #onTrouble: (what: 'error' | 'closed') => void;
  #connection: Connection | undefined;
  #onAnswered: () => void = () => {};

  /** `onTrouble` is told of answers that are no 2xx, and of connections that end without one. */
  constructor(port: number, onTrouble: (what: 'error' | 'closed') => void) {
    this.#port = port;
    this.#onTrouble = onTrouble;
  }

  /** Sends a request; the one before has been answered. */
  send(request: string, onAnswered: () => void): void {
    this.#onAnswered = onAnswered;
    if (this.#connection === undefined) void this.#connectAndSend(request);
    else this.#connection.write(request);
  }

  async #connectAndSend(request: string): Promise<void> {
    const reader = new ResponseReader((status, isLast) => {
      if (isLast) {
        this.#connection?.leave();
        this.#connection = undefined;
      }
      if (status < 200 || status > 299) this.#onTrouble('error');
      this.#onAnswered();
    });
    try {
      this.#connection = await Connection.open(this.#port, 0, {
        onBytes: (bytes, length) => reader.read(bytes, length),
        onEnd: () => {
          this.#connection = undefined;
          this.#onTrouble('closed');
        },
      });
      this.#connection.write(request);
    } catch {
      this.#onTrouble('closed');
    }
  }
}
