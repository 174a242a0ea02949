import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that has asked for a WebSocket, until it is let in or not: that it leaves must be noticed, what it sends already must wait. */
export class WaitingClient {
  /** Its `Sec-WebSocket-Key`. */
  readonly key: string;
  /** The extensions that it offers. */
  readonly extensions: string | undefined;
  readonly #socket: Duplex;
  readonly #onLeft: () => void;

  /** `head`: what the client has sent after its handshake. `onLeft` is called once at most. */
  constructor(req: IncomingMessage, socket: Duplex, head: Buffer, onLeft: () => void) {
    // No more of the request is kept: it takes a tenth of what an idle connection may.
    const { 'sec-websocket-key': key = '', 'sec-websocket-extensions': extensions } = req.headers;
    this.key = key;
    this.extensions = extensions;
    this.#socket = socket;
    this.#onLeft = onLeft;
    if (head.length > 0) socket.unshift(head);
    socket.on('readable', look);
    socket.on('end', this.#leave);
    socket.on('error', this.#leave);
    socket.on('close', this.#leave);
  }

  /** It waits no more. Whoever has the connection now must notice its errors, or they would be thrown. */
  stop(): void {
    const socket = this.#socket;
    socket.off('readable', look);
    socket.off('end', this.#leave);
    socket.off('close', this.#leave);
    socket.off('error', this.#leave);
  }

  readonly #leave = (): void => {
    this.stop();
    this.#socket.on('error', ignore);
    this.#socket.destroy();
    this.#onLeft();
  };
}

/** Only a look: reading when nothing is there finds the end. */
function look(this: Duplex): void {
  if (this.readableLength === 0) this.read();
}

function ignore(): void {}
