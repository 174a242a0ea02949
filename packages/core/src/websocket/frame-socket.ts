/// <reference path="./ws-parts.d.ts" />
import type { Duplex } from 'node:stream';
import { type PerMessageDeflate, Receiver } from 'ws';
import type { Flushable, Flusher } from '../http/flusher.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { closeFrame, type Frame } from './frame.js';
import type { LingeringSockets } from './lingering-sockets.js';
import type { MessageType } from './message.js';

/** Milliseconds that the other side has to answer a Close. */
export const CLOSE_TIMEOUT = 10_000;

/** Stands for a Close without a code: RFC 6455 7.1.5. */
const NO_CODE = 1005;

/** The most frames of one message: many tiny ones cost more than their bytes. */
const MAX_FRAGMENTS = 16_384;

/** The most pieces in which one frame may arrive. */
const MAX_CHUNKS = 65_536;

/** Who gets what a {@link FrameSocket} reads. */
export interface FrameSocketOwner {
  onMessage(type: MessageType, content: Buffer): void;
  /** The other side has sent a Close; no message follows. */
  onClose(code: number | undefined, reason: string): void;
  /** The connection is lost, or the other side broke the rules, before both had closed. Nothing follows. */
  onBroken(detail: string): void;
  /** What was sent has gone out, after it had not for a while. */
  onDrained(): void;
}

/** What all frame sockets of a proxy share. */
export interface FrameSocketOptions {
  /** The server's end: RFC 6455 5.1. */
  readonly isServer: boolean;
  /** The most bytes of one message that is received. */
  readonly maxMessageBytes: number;
  /** Where compression was agreed on: how to read it. */
  readonly deflate: PerMessageDeflate | undefined;
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly lingering: LingeringSockets;
}

const kFrames = Symbol('p-8 frames');
interface Framed {
  [kFrames]: FrameSocket;
}

/**
 * One end of a WebSocket: frames on a socket. Answers nothing by itself, no ping and no Close. What is sent in one turn
 * of the loop goes out in one write. Source: RFC 6455.
 */
export class FrameSocket implements TimerOwner, Flushable {
  readonly #socket: Duplex;
  readonly #receiver: Receiver;
  readonly #options: FrameSocketOptions;
  readonly #owner: FrameSocketOwner;
  readonly #timer = new Timer(this);
  #frames: Frame[] = [];
  #bytes = 0;
  #scheduled = false;
  #blocked = false;
  #closeSent = false;
  #closeReceived = false;
  #paused = false;
  /** The owner hears nothing more. */
  #over = false;

  /** For a connection whose handshake is done; `head` is what came with it. Call {@link FrameSocket.start} next. */
  constructor(socket: Duplex, owner: FrameSocketOwner, options: FrameSocketOptions) {
    this.#socket = socket;
    this.#owner = owner;
    this.#options = options;
    const { deflate } = options;
    this.#receiver = new Receiver({
      isServer: options.isServer,
      maxPayload: options.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
      extensions: deflate === undefined ? {} : { 'permessage-deflate': deflate },
    });
    Object.assign(socket, { [kFrames]: this });
    Object.assign(this.#receiver, { [kFrames]: this });
  }

  /** Begins to read. */
  start(): void {
    const receiver = this.#receiver;
    receiver.on('message', onMessage);
    receiver.on('ping', onPing);
    receiver.on('pong', onPong);
    receiver.on('conclude', onConclude);
    receiver.on('error', onReceiverError);
    receiver.on('drain', onReceiverDrain);
    const socket = this.#socket;
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', onSocketError);
    socket.on('close', onSocketClose);
    socket.on('drain', onDrain);
    socket.resume();
  }

  /** Bytes that have been sent and wait in this process. */
  get pendingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** The other side does not take what was written. */
  get blocked(): boolean {
    return this.#blocked;
  }

  send(frame: Frame): void {
    if (this.#closeSent || this.#over) return;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    this.#options.flusher.add(this);
  }

  /** Sends a Close, as the first or as the answer; `code` and `reason` must be sendable. */
  close(code: number, reason: string): void {
    if (this.#closeSent || this.#over) return;
    this.#frames.push(closeFrame(code, reason, !this.#options.isServer));
    this.#closeSent = true;
    if (this.#closeReceived) {
      this.#end();
      return;
    }
    this.#options.timers.start(this.#timer, CLOSE_TIMEOUT);
    // Whoever was not read from may have answered long ago.
    this.resume();
    this.flush();
  }

  /** Cuts the connection; the owner hears nothing more. */
  abort(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#receiver.writableNeedDrain) this.#socket.resume();
  }

  /** Writes out what was gathered. */
  flush(): void {
    this.#scheduled = false;
    if (this.#blocked || this.#socket.writableEnded || this.#socket.destroyed) return;
    const frames = this.#frames;
    const [first] = frames;
    if (first !== undefined) {
      this.#frames = [];
      this.#bytes = 0;
      this.#blocked = !this.#socket.write(frames.length === 1 ? first : Buffer.concat(frames));
    }
  }

  /** The other side has not answered a Close in time. */
  onTimer(): void {
    this.#break('no answer to a Close in time');
    this.#socket.destroy();
  }

  onData(chunk: Buffer): void {
    if (this.#over || this.#closeReceived) return;
    if (!this.#receiver.write(chunk)) this.#socket.pause();
  }

  onReceiverDrain(): void {
    if (!this.#paused) this.#socket.resume();
  }

  onMessage(type: MessageType, content: Buffer): void {
    if (!this.#over) this.#owner.onMessage(type, content);
  }

  onConclude(code: number, reason: Buffer): void {
    if (this.#over) return;
    this.#closeReceived = true;
    if (this.#closeSent) this.#end();
    // A Close without a code is told as 1005: RFC 6455 7.1.5.
    this.#owner.onClose(code === NO_CODE ? undefined : code, reason.toString());
  }

  onReceiverError(error: Error & { readonly code?: string }): void {
    if (this.#over) return;
    this.close(closeCodeOf(error.code), '');
    this.#break(error.message);
    // What still comes is not understood.
    this.#end();
  }

  onEnd(): void {
    if (this.#over) return;
    this.#break('the connection was ended without a Close');
    this.#socket.destroy();
  }

  onSocketError(error: Error): void {
    this.#break(error.message);
  }

  onSocketClose(): void {
    this.#options.timers.stop(this.#timer);
    this.#options.deflate?.cleanup();
    this.#frames = [];
    this.#bytes = 0;
    this.#break('the connection was lost');
  }

  onDrain(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.flush();
    if (!this.#blocked && !this.#over) this.#owner.onDrained();
  }

  /** Ends the connection once all has gone out. */
  #end(): void {
    this.#over = true;
    this.#options.timers.stop(this.#timer);
    this.#blocked = false;
    this.flush();
    this.#socket.end();
    this.#options.lingering.add(this.#socket);
  }

  #break(detail: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.onBroken(detail);
  }
}

/** The code that tells the other side what it did wrong. RFC 6455 7.4.1. */
function closeCodeOf(error: string | undefined): number {
  switch (error) {
    case 'WS_ERR_INVALID_UTF8':
      return 1007;
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return 1009;
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008;
    default:
      // What does not come from ws itself is data that zlib cannot inflate.
      return error?.startsWith('WS_') ? 1002 : 1007;
  }
}

// Shared by all connections: a listener of its own for each would cost more memory than the connection.

function onData(this: Duplex & Partial<Framed>, chunk: Buffer): void {
  this[kFrames]?.onData(chunk);
}
function onEnd(this: Duplex & Partial<Framed>): void {
  this[kFrames]?.onEnd();
}
function onSocketError(this: Duplex & Partial<Framed>, error: Error): void {
  this[kFrames]?.onSocketError(error);
}
function onSocketClose(this: Duplex & Partial<Framed>): void {
  this[kFrames]?.onSocketClose();
}
function onDrain(this: Duplex & Partial<Framed>): void {
  this[kFrames]?.onDrain();
}
function onMessage(this: Receiver & Partial<Framed>, content: Buffer, isBinary: boolean): void {
  this[kFrames]?.onMessage(isBinary ? 'binary' : 'text', content);
}
function onPing(this: Receiver & Partial<Framed>, content: Buffer): void {
  this[kFrames]?.onMessage('ping', content);
}
function onPong(this: Receiver & Partial<Framed>, content: Buffer): void {
  this[kFrames]?.onMessage('pong', content);
}
function onConclude(this: Receiver & Partial<Framed>, code: number, reason: Buffer): void {
  this[kFrames]?.onConclude(code, reason);
}
function onReceiverError(this: Receiver & Partial<Framed>, error: Error): void {
  this[kFrames]?.onReceiverError(error);
}
function onReceiverDrain(this: Receiver & Partial<Framed>): void {
  this[kFrames]?.onReceiverDrain();
}
