import { Connection } from './connection.js';
import { ResponseReader } from './response-reader.js';

/** A connection on which one request at a time publishes. */
export class Publisher {
  readonly #connection: Connection;
  readonly #onAnswered: { call: () => void };

  private constructor(connection: Connection, onAnswered: { call: () => void }) {
    this.#connection = connection;
    this.#onAnswered = onAnswered;
  }

  /** `onTrouble` is told of answers that are no 2xx, and of the connection's end. */
  static async open(port: number, onTrouble: (what: 'error' | 'closed') => void): Promise<Publisher> {
    const onAnswered = { call() {} };
    const reader = new ResponseReader((status) => {
      if (status < 200 || status > 299) onTrouble('error');
      onAnswered.call();
    });
    const connection = await Connection.open(port, 0, {
      onBytes: (bytes, length) => reader.read(bytes, length),
      onEnd: () => onTrouble('closed'),
    });
    return new Publisher(connection, onAnswered);
  }

  /** Sends a request; the one before has been answered. */
  send(request: string, onAnswered: () => void): void {
    this.#onAnswered.call = onAnswered;
    this.#connection.write(request);
  }
}
