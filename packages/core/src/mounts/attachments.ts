import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GripError } from '../errors.js';
import type { OnError } from '../logger.js';
import { isThenable, noteRejection } from '../note-rejection.js';
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
  readonly #connect: Upgrade;
  readonly #onError: OnError;
  readonly #listeners = new Map<Server, { readonly upgrade: Upgrade; readonly connect: Upgrade }>();

  /**
   * @param connect gets CONNECT requests that nobody else listens for
   * @param onError gets what a filter throws
   */
  constructor(upgrade: Upgrade, connect: Upgrade, onError: OnError) {
    this.#upgrade = upgrade;
    this.#connect = connect;
    this.#onError = onError;
  }

  /** Listens to a server; a second time changes the options. */
  add(server: Server, { filter }: AttachOptions): void {
    this.#remove(server);
    if (!this.#listeners.has(server)) server.once('close', () => this.#listeners.delete(server));
    const upgrade = this.#guarded((req, socket, head) => {
      if (isWebSocketRequest(req) && this.#takes(req, filter)) this.#upgrade(req, socket, head);
      else if (server.listenerCount('upgrade') === 1)
        upgradeInTurn(req, socket, head, (rest) => readmit(server, req, socket, rest));
    });
    const connect = this.#guarded((req, socket, head) => {
      if (server.listenerCount('connect') === 1) this.#connect(req, socket, head);
    });
    this.#listeners.set(server, { upgrade, connect });
    server.on('upgrade', upgrade).on('connect', connect);
  }

  #remove(server: Server): void {
    const known = this.#listeners.get(server);
    if (known !== undefined) server.off('upgrade', known.upgrade).off('connect', known.connect);
  }

  #guarded(listener: Upgrade): Upgrade {
    return (req, socket, head) => {
      try {
        listener(req, socket, head);
      } catch (error) {
        this.#onError(error);
        socket.destroy();
      }
    };
  }

  #takes(req: IncomingMessage, filter: AttachOptions['filter']): boolean {
    const answer: unknown = filter?.(req);
    if (!isThenable(answer)) return answer !== false;
    noteRejection(answer, this.#onError);
    throw new GripError('GRIP_ERR_OPTION', 'the filter of attach() must answer at once: it cannot be async');
  }

  /** Listens to none any more. */
  close(): void {
    for (const server of this.#listeners.keys()) this.#remove(server);
    this.#listeners.clear();
  }
}
