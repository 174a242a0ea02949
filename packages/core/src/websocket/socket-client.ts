import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '@p-8/protocol';
import type { Flusher } from '../http/flusher.js';
import { progressOf } from '../http/progress.js';
import type { OnError } from '../logger.js';
import type { Timers } from '../timers.js';
import type { ClientWebSocket, ClientWebSocketOwner } from './client-web-socket.js';
import { FrameSocket, type FrameSocketOwner } from './frame-socket.js';
import { negotiateCompression, writeAccept, writeReject } from './handshake.js';
import type { LingeringSockets } from './lingering-sockets.js';
import type { MessageType, WebSocketMessage } from './message.js';
import { nobody } from './nobody.js';

/** What all clients of a proxy share. */
export interface SocketClientOptions {
  readonly maxMessageBytes: number;
  readonly compression: boolean;
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly lingering: LingeringSockets;
  /** Gets what an owner throws. */
  readonly onError: OnError;
}

/** A client that speaks WebSocket: from its handshake, which must have been checked, to its end. */
export class SocketClient implements ClientWebSocket, FrameSocketOwner {
  owner: ClientWebSocketOwner = nobody;
  readonly #req: IncomingMessage;
  readonly #socket: Duplex;
  readonly #options: SocketClientOptions;
  #frames: FrameSocket | undefined;
  #deflates = false;
  #paused = false;
  #gone = false;

  /** `head`: what the client has sent after its handshake. */
  constructor(req: IncomingMessage, socket: Duplex, head: Buffer, options: SocketClientOptions) {
    this.#req = req;
    this.#socket = socket;
    this.#options = options;
    if (head.length > 0) socket.unshift(head);
    // A client that leaves before it is let in must be noticed; what it sends already must wait.
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEarlyEnd);
    socket.on('error', this.#onEarlyEnd);
    socket.on('close', this.#onEarlyEnd);
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
    if (this.#gone) return;
    this.#stopWaiting();
    const { compression: allowed, maxMessageBytes, timers, flusher, lingering, onError } = this.#options;
    const { 'sec-websocket-key': key = '', 'sec-websocket-extensions': offer } = this.#req.headers;
    const compression =
      allowed && offer !== undefined ? negotiateCompression(offer, maxMessageBytes) : undefined;
    this.#deflates = compression !== undefined;
    writeAccept(this.#socket, key, headers, compression);
    const deflate = compression?.deflate;
    this.#frames = new FrameSocket(this.#socket, this, {
      isServer: true,
      maxMessageBytes,
      deflate,
      timers,
      flusher,
      lingering,
      onError,
    });
    this.#frames.start();
    if (this.#paused) this.#frames.pause();
  }

  reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#stopWaiting();
    writeReject(this.#socket, status, reason, headers, body);
    this.#options.lingering.add(this.#socket);
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

  onBroken(detail: string): void {
    this.#gone = true;
    this.owner.onClientGone(detail);
  }

  onBlocked(): void {
    this.owner.onClientBlocked();
  }

  onDrained(): void {
    this.owner.onClientDrained();
  }

  readonly #onReadable = (): void => {
    // Only a look: reading when nothing is there finds the end.
    if (this.#socket.readableLength === 0) this.#socket.read();
  };

  readonly #onEarlyEnd = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    this.#stopWaiting();
    this.#socket.destroy();
    this.owner.onClientGone('the client left before it was let in');
  };

  #stopWaiting(): void {
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('end', this.#onEarlyEnd);
    this.#socket.off('close', this.#onEarlyEnd);
    // Errors go on being noticed by somebody, or they would be thrown.
    this.#socket.on('error', ignore);
    this.#socket.off('error', this.#onEarlyEnd);
  }
}

function ignore(): void {}
