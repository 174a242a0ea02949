import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '@p-8/protocol';
import { probe, progressOf } from '../http/node-connection.js';
import type { LimitName } from '../limits.js';
import type { ClientWebSocket, ClientWebSocketOwner } from './client-web-socket.js';
import { FrameSocket, type FrameSocketOwner, type FrameSocketServices } from './frame-socket.js';
import { negotiateCompression, writeAccept, writeReject } from './handshake.js';
import type { MessageType, WebSocketMessage } from './message.js';
import { nobody } from './nobody.js';
import type { Pings } from './pulse.js';
import { WaitingClient } from './waiting-client.js';

/** What all clients of a proxy share. */
export interface SocketClientServices extends FrameSocketServices {
  readonly maxMessageBytes: number;
  /** Whether messages are compressed where a client offers it. */
  readonly compression: boolean;
  /** Undefined: clients are not pinged. */
  readonly pings?: Pings | undefined;
}

/** A client that speaks WebSocket: from its handshake, which must have been checked, to its end. */
export class SocketClient implements ClientWebSocket, FrameSocketOwner {
  owner: ClientWebSocketOwner = nobody;
  readonly #socket: Duplex;
  readonly #services: SocketClientServices;
  /** Undefined: it is in, or gone. */
  #waiting: WaitingClient | undefined;
  #frames: FrameSocket | undefined;
  #deflates = false;
  #paused = false;
  #gone = false;

  /** `head`: what the client has sent after its handshake. */
  constructor(req: IncomingMessage, socket: Duplex, head: Buffer, services: SocketClientServices) {
    this.#socket = socket;
    this.#services = services;
    this.#waiting = new WaitingClient(req, socket, head, () => this.#onLeft());
  }

  get gone(): boolean {
    return this.#gone;
  }

  get blocked(): boolean {
    return this.#frames?.blocked ?? false;
  }

  get pendingBytes(): number {
    return this.#frames?.pendingBytes ?? 0;
  }

  get pendingCost(): number {
    return this.#frames?.pendingCost ?? 0;
  }

  get progress(): number {
    return progressOf(this.#socket);
  }

  /** Lets go of the connection, which somebody else takes over in place of {@link SocketClient.accept}. */
  release(): Duplex {
    this.#gone = true;
    this.#stopWaiting();
    return this.#socket;
  }

  accept(headers: HeaderList): void {
    const waiting = this.#waiting;
    if (this.#gone || waiting === undefined) return;
    waiting.stop();
    this.#waiting = undefined;
    const { key, extensions } = waiting;
    const { compression: allowed, maxMessageBytes, pings } = this.#services;
    const compression =
      allowed && extensions !== undefined ? negotiateCompression(extensions, maxMessageBytes) : undefined;
    this.#deflates = compression !== undefined;
    probe(this.#socket);
    writeAccept(this.#socket, key, headers, compression);
    const end = { isServer: true, maxMessageBytes, deflate: compression?.deflate, pings };
    this.#frames = new FrameSocket(this.#socket, this, end, this.#services);
    this.#frames.start();
    if (this.#paused) this.#frames.pause();
  }

  reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#stopWaiting();
    writeReject(this.#socket, status, reason, headers, body);
    this.#services.lingering.add(this.#socket);
  }

  send(message: WebSocketMessage): void {
    this.#frames?.send(this.#deflates ? message.deflatedFrame : message.frame);
  }

  drop(): void {
    this.#frames?.drop();
  }

  close(code: number, reason: string): void {
    this.#frames?.close(code, reason);
  }

  fail(code: number, reason: string): void {
    this.#gone = true;
    this.#frames?.fail(code, reason);
  }

  abort(): void {
    this.#gone = true;
    this.#stopWaiting();
    if (this.#frames === undefined) this.#socket.destroy();
    else this.#frames.abort();
  }

  pause(): void {
    this.#paused = true;
    this.#frames?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#frames?.resume();
  }

  onMessage(type: MessageType, content: Buffer): void {
    this.owner.onClientMessage(type, content);
  }

  onClose(code: number | undefined, reason: string): void {
    this.owner.onClientClose(code, reason);
  }

  onBroken(detail: string, limit?: LimitName): void {
    this.#gone = true;
    this.owner.onClientGone(detail, limit);
  }

  onBlocked(): void {
    this.owner.onClientBlocked();
  }

  onDrained(): void {
    this.owner.onClientDrained();
  }

  #onLeft(): void {
    this.#gone = true;
    this.#waiting = undefined;
    this.owner.onClientGone('the client left before it was let in');
  }

  /** Lets go of a client that is not let in. */
  #stopWaiting(): void {
    if (this.#waiting === undefined) return;
    // Errors go on being noticed by somebody, or they would be thrown.
    this.#socket.on('error', ignore);
    this.#waiting.stop();
    this.#waiting = undefined;
  }
}

function ignore(): void {}
