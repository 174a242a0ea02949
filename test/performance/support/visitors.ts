import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { memorySockets } from '../../../packages/core/src/upstream/memory-sockets.js';

/** Clients of a server, on connections in memory: no ports and no open files, however many there are. */
export class Visitors {
  readonly #server: http.Server;
  readonly #present: Duplex[] = [];
  #connections = 0;

  constructor(server: http.Server) {
    this.#server = server;
  }

  /** Connections that the server has not closed. */
  get connections(): number {
    return this.#connections;
  }

  /** Sends a request. Resolves when the client has got `welcome`, from when on it is held. Rejects when it is not. */
  come(request: string, welcome: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const [client, connection] = memorySockets();
      this.#present.push(client);
      this.#connections++;
      connection.once('close', () => this.#connections--);
      let text = '';
      const refuse = (): void => reject(new Error(`not held, but: ${text}`));
      const read = (chunk: Buffer): void => {
        text += chunk.toString('latin1');
        if (!text.includes(welcome)) return;
        client.off('data', read).off('close', refuse).resume();
        resolve();
      };
      client.on('error', () => {});
      client.on('data', read).on('close', refuse);
      this.#server.emit('connection', connection);
      client.write(request);
    });
  }

  /** So many go, without a word: those that came last. */
  leave(count: number): void {
    for (const client of this.#present.splice(-count)) client.destroy();
  }
}
