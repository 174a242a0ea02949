import net, { type Socket } from 'node:net';

/** What is read lands here, for all connections of the process: readers keep nothing of it. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** One source address has some 28,000 ports towards one server; whoever opens many connections takes several. */
const CONNECTIONS_PER_ADDRESS = 10_000;

/** What happens on a connection. */
export interface Listener {
  /** The first `length` of `bytes` are new. They change as soon as this returns. */
  onBytes(bytes: Buffer, length: number): void;
  /** It ended, but not by us. */
  onEnd(): void;
}

/** A socket without streams on top of its reading side, so that the client costs little. */
export class Connection {
  readonly #socket: Socket;
  #left = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Rejects when it cannot connect. `index`: its number, which chooses its source address. */
  static open(port: number, index: number, listener: Listener): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const address = Math.floor(index / CONNECTIONS_PER_ADDRESS);
      const socket = net.connect({
        port,
        host: '127.0.0.1',
        ...(address > 0 && { localAddress: `127.0.1.${address}` }),
        noDelay: true,
        onread: {
          buffer: SHARED,
          callback: (length) => {
            listener.onBytes(SHARED, length);
            return true;
          },
        },
      });
      const connection = new Connection(socket);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.on('error', () => {});
        socket.once('close', () => {
          if (!connection.#left) listener.onEnd();
        });
        resolve(connection);
      });
    });
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  leave(): void {
    this.#left = true;
    this.#socket.destroy();
  }
}
