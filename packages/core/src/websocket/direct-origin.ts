import { randomBytes } from 'node:crypto';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { filterHeaders, type HeaderList, headerValue, sendableClose } from '@p-8/protocol';
import type { Flusher } from '../http/flusher.js';
import type { OnError } from '../logger.js';
import type { Connect } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { frame } from './frame.js';
import { FrameSocket, type FrameSocketOwner } from './frame-socket.js';
import { acceptKey } from './handshake.js';
import type { LingeringSockets } from './lingering-sockets.js';
import type { MessageType } from './message.js';
import type { OriginWebSocket, OriginWebSocketOwner } from './origin-web-socket.js';
import { readRefusal } from './refusal.js';

/** Bytes that a message may have besides its content: the message prefix. */
const PREFIX_ROOM = 65_536;

/** What a {@link DirectOrigin} needs to know. */
export interface DirectOriginOptions {
  readonly connect: Connect;
  readonly path: string;
  /** The client's handshake as the origin gets it, `Host` included. */
  readonly headers: HeaderList;
  /** Grip-Sig. */
  readonly fields: () => HeaderList;
  /** Milliseconds until the origin must have answered; 0: for ever. */
  readonly responseTimeout: number;
  readonly maxMessageBytes: number;
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly lingering: LingeringSockets;
  /** Gets what the owner throws. */
  readonly onError: OnError;
}

/** An origin that speaks WebSocket: messages pass as they come. */
export class DirectOrigin implements OriginWebSocket, FrameSocketOwner, TimerOwner {
  readonly #options: DirectOriginOptions;
  /** Undefined: hears nothing more. */
  #owner: OriginWebSocketOwner | undefined;
  readonly #timer = new Timer(this);
  #handshake: ClientRequest | undefined;
  #frames: FrameSocket | undefined;
  #closeSent = false;
  #closeReceived = false;

  constructor(options: DirectOriginOptions, owner: OriginWebSocketOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  get blocked(): boolean {
    return this.#frames?.blocked ?? false;
  }

  open(): void {
    const { connect, headers, responseTimeout, timers } = this.#options;
    if (responseTimeout > 0) timers.start(this.#timer, responseTimeout);
    connect(headerValue(headers, 'host') ?? '', (error, socket) =>
      this.#guard(() => {
        if (socket !== undefined) this.#ask(socket);
        else if (error?.kind === 'connect') this.#letGo()?.onOriginUnreachable(error.detail);
        else this.#fail(error?.detail ?? 'no connection');
      }),
    );
  }

  send(type: MessageType, content: Uint8Array): void {
    if (!this.#closeSent) this.#frames?.send(frame(type, content, { mask: true }));
  }

  close(code: number | undefined, reason: string): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    const close = sendableClose({ code, reason });
    this.#frames?.close(close.code, close.reason);
    if (this.#closeReceived) this.#letGo()?.onOriginClosed();
  }

  disconnect(): void {
    this.#letGo();
    this.#handshake?.destroy();
    this.#frames?.abort();
  }

  release(): void {
    this.#owner = undefined;
  }

  /** Nothing to be asked: it speaks by itself. */
  refresh(): void {}

  resume(): void {
    this.#frames?.resume();
  }

  /** The origin has not answered in time. */
  onTimer(): void {
    const owner = this.#letGo();
    this.#handshake?.destroy();
    owner?.onOriginFailed('the origin did not answer the handshake in time');
  }

  onMessage(type: MessageType, content: Buffer): void {
    this.#owner?.onOriginMessage(type, content);
    if (this.#owner?.clientBlocked === true) this.#frames?.pause();
  }

  onClose(code: number | undefined, reason: string): void {
    this.#closeReceived = true;
    this.#owner?.onOriginClose(code, reason);
    if (this.#closeSent) this.#letGo()?.onOriginClosed();
  }

  onBroken(detail: string): void {
    this.#fail(`the origin's connection: ${detail}`);
  }

  onBlocked(): void {}

  onDrained(): void {
    this.#owner?.onOriginDrained();
  }

  #ask(socket: Socket): void {
    if (this.#owner === undefined) {
      socket.destroy();
      return;
    }
    const { path, headers, fields } = this.#options;
    const key = randomBytes(16).toString('base64');
    const own = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
    own.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', key);
    const handshake = http.request({
      path,
      headers: [...filterHeaders(headers, isForwarded), ...fields(), ...own],
      createConnection: () => socket,
    });
    this.#handshake = handshake;
    handshake.on('upgrade', (response, upgraded, head) =>
      this.#guard(() => this.#open(key, response, upgraded, head)),
    );
    handshake.on('response', (response) => this.#refuse(response));
    handshake.on('error', (error) =>
      this.#guard(() => this.#fail(`the origin's handshake: ${error.message}`)),
    );
    handshake.end();
  }

  #open(key: string, response: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#options.timers.stop(this.#timer);
    this.#handshake = undefined;
    const wrong = handshakeFault(key, response);
    if (wrong !== undefined || this.#owner === undefined) {
      socket.destroy();
      this.#fail(wrong ?? '');
      return;
    }
    if (head.length > 0) socket.unshift(head);
    const maxMessageBytes = this.#options.maxMessageBytes + PREFIX_ROOM;
    const options = { ...this.#options, maxMessageBytes, isServer: false, deflate: undefined };
    this.#frames = new FrameSocket(socket, this, options);
    this.#owner.onOriginAccept(response.rawHeaders);
    this.#frames.start();
  }

  #refuse(response: IncomingMessage): void {
    readRefusal(response, {
      refused: (...answer) => this.#guard(() => this.#letGo()?.onOriginReject(...answer)),
      failed: (detail) => this.#guard(() => this.#fail(detail)),
    });
  }

  /** An error of ours, or of the owner, ends this connection and no other. */
  #guard(run: () => void): void {
    const { onError } = this.#options;
    try {
      run();
    } catch (error) {
      onError(error);
      this.#handshake?.destroy();
      this.#frames?.abort();
      try {
        this.#fail('an internal error');
      } catch (again) {
        onError(again);
      }
    }
  }

  #fail(detail: string): void {
    this.#letGo()?.onOriginFailed(detail);
  }

  #letGo(): OriginWebSocketOwner | undefined {
    const owner = this.#owner;
    this.#owner = undefined;
    this.#options.timers.stop(this.#timer);
    return owner;
  }
}

/** Why a response that switches protocols does not open our WebSocket: RFC 6455 4.1. */
function handshakeFault(key: string, { headers }: IncomingMessage): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'the origin upgrades to something else';
  if (headers['sec-websocket-accept'] !== acceptKey(key)) return "the origin's Sec-WebSocket-Accept is wrong";
  const extensions = headers['sec-websocket-extensions'] ?? '';
  return /permessage-deflate/.test(extensions)
    ? 'the origin compresses without having been asked'
    : undefined;
}

/** Fields that each connection has of its own. */
function isForwarded(lowerName: string): boolean {
  return (
    lowerName !== 'connection' &&
    lowerName !== 'upgrade' &&
    lowerName !== 'sec-websocket-key' &&
    lowerName !== 'sec-websocket-version'
  );
}
