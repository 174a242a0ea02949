import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Origin } from './origin.js';

/** Finds the origin that is meant by a request. */
export type FindOrigin = (req: IncomingMessage) => Origin | undefined;

/** A script's origin that listens on a port. */
export class OriginServer {
  readonly #server: Server;
  /** Node's server forgets connections that were upgraded. */
  readonly #upgraded = new Set<Socket>();
  #port = 0;

  private constructor(find: FindOrigin) {
    this.#server = createServer((req, res) => find(req)?.listener(req, res));
    this.#server.on('upgrade', (req, socket: Socket, head) => {
      this.#upgraded.add(socket);
      socket.on('close', () => this.#upgraded.delete(socket));
      void find(req)?.upgrade(req, socket, head);
    });
  }

  /** Listens for the origins that `find` finds. */
  static async listen(find: FindOrigin): Promise<OriginServer> {
    const server = new OriginServer(find);
    await server.open();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, again where it did before. */
  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await once(this.#server, 'close');
  }
}
