import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OnError } from '../logger.js';
import { isWebSocketRequest } from '../websocket/handshake.js';
import { readmit } from './readmit.js';
import { upgradeInTurn } from './upgrade-in-turn.js';

/** How a proxy is attached to a server. */
export interface AttachOptions {
  /**
   * Whether a WebSocket is for the proxy; others are left to who else listens to the server's 'upgrade'. @default all are
   */
  readonly filter?: (req: IncomingMessage) => boolean;
}

type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The servers whose WebSockets a proxy takes. */
export class Attachments {
  readonly #upgrade: Upgrade;
  readonly #onError: OnError;
  readonly #listeners = new Map<Server, Upgrade>();

  /** `onError` gets what a filter throws. */
  constructor(upgrade: Upgrade, onError: OnError) {
    this.#upgrade = upgrade;
    this.#onError = onError;
  }

  /** Listens to a server; a second time changes the options. */
  add(server: Server, { filter }: AttachOptions): void {
    const known = this.#listeners.get(server);
    if (known !== undefined) server.off('upgrade', known);
    else server.once('close', () => this.#listeners.delete(server));
    const listener: Upgrade = (req, socket, head) => {
      try {
        if (isWebSocketRequest(req) && filter?.(req) !== false) this.#upgrade(req, socket, head);
        else if (server.listenerCount('upgrade') === 1)
          upgradeInTurn(req, socket, head, (rest) => readmit(server, req, socket, rest));
      } catch (error) {
        this.#onError(error);
        socket.destroy();
      }
    };
    this.#listeners.set(server, listener);
    server.on('upgrade', listener);
  }

  /** Listens to none any more. */
  close(): void {
    for (const [server, listener] of this.#listeners) server.off('upgrade', listener);
    this.#listeners.clear();
  }
}
