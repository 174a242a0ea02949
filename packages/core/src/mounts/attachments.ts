import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GripError } from '../errors.js';
import type { OnError } from '../logger.js';
import { isThenable, noteRejection } from '../note-rejection.js';
import { isWebSocketRequest } from '../websocket/handshake.js';
import { askBeforeUpgrade } from './ask-before-upgrade.js';
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
  /** How to leave each. */
  readonly #servers = new Map<Server, () => void>();

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
    this.#servers.get(server)?.();
    if (!this.#servers.has(server)) server.once('close', () => this.#servers.delete(server));
    const isAlone = (): boolean => server.listenerCount('upgrade') === 1;
    const stopAsking = askBeforeUpgrade(server, (req) => isAlone() && !isWebSocketRequest(req));
    const upgrade = this.#guarded((req, socket, head) => {
      if (isWebSocketRequest(req) && this.#takes(req, filter)) this.#upgrade(req, socket, head);
      else if (isAlone()) upgradeInTurn(req, socket, head, (rest) => readmit(server, req, socket, rest));
    });
    const connect = this.#guarded((req, socket, head) => {
      if (server.listenerCount('connect') === 1) this.#connect(req, socket, head);
    });
    server.on('upgrade', upgrade).on('connect', connect);
    this.#servers.set(server, () => {
      server.off('upgrade', upgrade).off('connect', connect);
      stopAsking();
    });
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
    for (const leave of this.#servers.values()) leave();
    this.#servers.clear();
  }
}
