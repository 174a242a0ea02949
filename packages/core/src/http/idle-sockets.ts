import type { DetachedSocket } from './detached-socket.js';

/** Connections whose stream has ended, until their next request: the server that they came by does not know of them. */
export class IdleSockets {
  readonly #sockets = new Set<DetachedSocket>();
  #closed = false;

  /** Those whose streams end from now on need not wait for another request. */
  get closed(): boolean {
    return this.#closed;
  }

  add(socket: DetachedSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: DetachedSocket): void {
    this.#sockets.delete(socket);
  }

  /** Ends all of them. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.leave();
  }
}
