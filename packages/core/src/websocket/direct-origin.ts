import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { filterHeaders, headerValue, sendableClose } from '@p-8/protocol';
import type { Stallable, StallWatch } from '../http/stall-watch.js';
import type { KeptInput } from '../input-bytes.js';
import type { Limits } from '../limits.js';
import type { Connect, Handshake } from '../routing/origin.js';
import { Timer, type TimerOwner } from '../timers.js';
import { failureCause } from '../upstream/connect-failure.js';
import { frame } from './frame.js';
import { FrameSocket, type FrameSocketOwner, type FrameSocketServices } from './frame-socket.js';
import { acceptKey } from './handshake.js';
import type { MessageType } from './message.js';
import { askOrigin } from './origin-handshake.js';
import type { OriginCall, OriginWebSocket, OriginWebSocketOwner } from './origin-web-socket.js';

/** Bytes that a message may have besides its content: the message prefix. */
const PREFIX_ROOM = 65_536;

/** What all such origins of a proxy share. */
export interface DirectOriginServices extends FrameSocketServices {
  readonly limits: Limits;
  /** Finds origins that take nothing of what clients send. */
  readonly stalls: StallWatch;
  readonly maxMessageBytes: number;
}

/** Where the origin is. */
export interface DirectTarget {
  readonly connect: Connect;
  /** Milliseconds until the origin must have answered; 0: for ever. */
  readonly responseTimeout: number;
}

/** An origin that speaks WebSocket: messages pass as they come. */
export class DirectOrigin implements OriginWebSocket, FrameSocketOwner, TimerOwner, KeptInput, Stallable {
  readonly #services: DirectOriginServices;
  readonly #target: DirectTarget;
  readonly #call: OriginCall;
  /** Undefined: hears nothing more. */
  #owner: OriginWebSocketOwner | undefined;
  readonly #timer = new Timer(this);
  /** The client's as the origin gets it, `Host` included. */
  readonly #offer: Handshake;
  /** Until the origin has let the client in. */
  #handshake: Duplex | undefined;
  #frames: FrameSocket | undefined;
  #closeSent = false;
  #closeReceived = false;

  constructor(
    services: DirectOriginServices,
    target: DirectTarget,
    offer: Handshake,
    call: OriginCall,
    owner: OriginWebSocketOwner,
  ) {
    this.#services = services;
    this.#target = target;
    this.#offer = offer;
    this.#call = call;
    this.#owner = owner;
  }

  get blocked(): boolean {
    return this.#frames?.blocked ?? false;
  }

  open(): void {
    const { connect, responseTimeout } = this.#target;
    if (responseTimeout > 0) this.#services.timers.start(this.#timer, responseTimeout);
    connect(headerValue(this.#offer.headers, 'host') ?? '', (error, socket) =>
      this.#guard(() => {
        if (socket !== undefined) this.#ask(socket);
        else if (error?.kind === 'connect')
          this.#letGo()?.onOriginUnreachable(error.detail, 502, failureCause(error));
        else this.#fail(error?.detail ?? 'no connection');
      }),
    );
  }

  send(type: MessageType, content: Uint8Array): void {
    if (this.#closeSent || this.#frames === undefined) return;
    this.#frames.send(frame(type, content, { mask: true }));
    if (this.#frames.blocked) this.#account();
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

  onBlocked(): void {
    this.#account();
    this.#services.stalls.add(this);
  }

  get progress(): number {
    return this.#frames?.progress ?? 0;
  }

  stillWaits(): boolean {
    return this.blocked;
  }

  /** The client is not read meanwhile, and so it may have left long ago. */
  stalled(): void {
    this.#services.limits.reached('stalledUpload', { side: 'origin', path: this.#offer.path });
    this.#frames?.abort();
    this.#fail('the origin does not take what the client sends');
  }

  /** What waits for the origin is too much. */
  shedInput(): void {
    const owner = this.#letGo();
    this.#frames?.abort();
    owner?.onOriginOverloaded();
  }

  onDrained(): void {
    this.#account();
    this.#services.stalls.remove(this);
    this.#owner?.onOriginDrained();
  }

  #ask(socket: Duplex): void {
    if (this.#owner === undefined) {
      socket.destroy();
      return;
    }
    const { path, headers } = this.#offer;
    const key = randomBytes(16).toString('base64');
    const own = ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', key];
    const sent = [...filterHeaders(headers, isForwarded), ...this.#call.fields(), ...own];
    this.#handshake = socket;
    askOrigin(
      socket,
      { path, headers: sent },
      {
        accepted: (response, upgraded) => this.#guard(() => this.#open(key, response, upgraded)),
        refused: (...answer) => this.#guard(() => this.#letGo()?.onOriginReject(...answer)),
        failed: (detail) => this.#guard(() => this.#fail(detail)),
      },
    );
  }

  #open(key: string, response: IncomingMessage, socket: Duplex): void {
    this.#services.timers.stop(this.#timer);
    this.#handshake = undefined;
    const wrong = handshakeFault(key, response);
    if (wrong !== undefined || this.#owner === undefined) {
      socket.destroy();
      this.#fail(wrong ?? '');
      return;
    }
    const maxMessageBytes = this.#services.maxMessageBytes + PREFIX_ROOM;
    const end = { isServer: false, maxMessageBytes, deflate: undefined };
    this.#frames = new FrameSocket(socket, this, end, this.#services);
    this.#owner.onOriginAccept(response.rawHeaders);
    this.#frames.start();
  }

  /** An error of ours, or of the owner, ends this connection and no other. */
  #guard(run: () => void): void {
    const { onError } = this.#services;
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

  /** Bytes of the client's that the origin does not take. */
  #account(): void {
    const frames = this.#frames;
    if (this.#owner !== undefined && frames !== undefined)
      this.#services.input.update(this, frames.blocked ? frames.pendingBytes : 0);
  }

  #letGo(): OriginWebSocketOwner | undefined {
    const owner = this.#owner;
    this.#owner = undefined;
    this.#services.timers.stop(this.#timer);
    this.#services.input.remove(this);
    this.#services.stalls.remove(this);
    return owner;
  }
}

/** Why a response that switches protocols does not open our WebSocket: RFC 6455 4.1. */
function handshakeFault(key: string, { headers }: IncomingMessage): string | undefined {
  if (headers['sec-websocket-accept'] !== acceptKey(key)) return "the origin's Sec-WebSocket-Accept is wrong";
  const extensions = headers['sec-websocket-extensions'] ?? '';
  return /permessage-deflate/.test(extensions)
    ? 'the origin compresses without having been asked'
    : undefined;
}

/** Fields that each connection has of its own. */
function isForwarded(lowerName: string): boolean {
  return lowerName !== 'sec-websocket-key' && lowerName !== 'sec-websocket-version';
}
