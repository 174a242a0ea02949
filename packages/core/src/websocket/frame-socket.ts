import type { Duplex } from 'node:stream';
import { MESSAGE_COST } from '../heap-cost.js';
import type { Flushable, Flusher } from '../http/flusher.js';
import type { LingeringSockets } from '../http/lingering-sockets.js';
import { progressOf } from '../http/node-connection.js';
import type { InputBytes, KeptInput } from '../input-bytes.js';
import type { LimitName } from '../limits.js';
import type { OnError } from '../logger.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { closeFrame, type Frame } from './frame.js';
import { joinFrames } from './joined-frames.js';
import type { MessageType } from './message.js';
import { type Pings, Pulse } from './pulse.js';
import { type PerMessageDeflate, Receiver } from './ws.js';

/** Milliseconds that the other side has to answer a Close. */
export const CLOSE_TIMEOUT = 10_000;

/** RFC 6455 7.4.1. */
const INTERNAL_ERROR = 1011;

/** Stands for a Close without a code: RFC 6455 7.1.5. */
const NO_CODE = 1005;

/** The most frames of one message: many tiny ones cost more than their bytes. */
const MAX_FRAGMENTS = 16_384;

/** The most pieces in which one frame may arrive. */
const MAX_CHUNKS = 65_536;

/** Stands for a server that has too much to do. IANA's registry of close codes. */
const CLOSE_TRY_AGAIN_LATER = 1013;

const NO_EXTENSIONS = {};

/** Bytes that are worth a write of their own. They also show whether the other side takes them, before there are too many. */
const MAX_GATHERED = 65_536;

/** Who gets what a {@link FrameSocket} reads. */
export interface FrameSocketOwner {
  onMessage(type: MessageType, content: Buffer): void;
  /** The other side has sent a Close; no message follows. */
  onClose(code: number | undefined, reason: string): void;
  /**
   * The connection is lost, or the other side broke the rules, before both had closed. Nothing follows. `limit`: the bound that it
   * has reached.
   */
  onBroken(detail: string, limit?: LimitName): void;
  /** The other side does not take what was sent, from now on or still. */
  onBlocked(): void;
  /** What was sent has gone out, after it had not for a while. */
  onDrained(): void;
}

/** Which end of a WebSocket it is, and what holds for it. */
export interface FrameSocketEnd {
  /** The server's: RFC 6455 5.1. */
  readonly isServer: boolean;
  /** The most bytes of one message that is received. */
  readonly maxMessageBytes: number;
  /** Where compression was agreed on: how to read it. */
  readonly deflate: PerMessageDeflate | undefined;
  /** Undefined: the other side is not pinged. */
  readonly pings?: Pings | undefined;
}

/** What all frame sockets of a proxy share. */
export interface FrameSocketServices {
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly lingering: LingeringSockets;
  /** Bounds what is kept of unfinished messages of clients. */
  readonly input: InputBytes;
  /** Gets what an owner throws. */
  readonly onError: OnError;
}

const kFrames = Symbol('p-8 frames');
interface Framed {
  [kFrames]: FrameSocket;
}

/**
 * One end of a WebSocket: frames on a socket. Answers nothing by itself, no ping and no Close. What is sent in one turn
 * of the loop goes out in one write. Source: RFC 6455.
 */
export class FrameSocket implements TimerOwner, Flushable, KeptInput {
  readonly #socket: Duplex;
  readonly #services: FrameSocketServices;
  readonly #owner: FrameSocketOwner;
  readonly #isServer: boolean;
  readonly #maxMessageBytes: number;
  readonly #deflate: PerMessageDeflate | undefined;
  readonly #pings: Pings | undefined;
  /** Undefined: the other side has not sent anything yet. Idle connections are many, and this takes as much as all else of them. */
  #receiver: Receiver | undefined;
  /** The other side's pulse, where it is pinged; for its answer once a Close has been sent. */
  #timer: Timer | undefined;
  #frames: Frame[] = [];
  #bytes = 0;
  /** Bytes that have come since the last whole message. */
  #unfinished = 0;
  /** Bytes that came at once the last time. */
  #lastRead = 0;
  #scheduled = false;
  #blocked = false;
  #closeSent = false;
  #closeReceived = false;
  #paused = false;
  /** The owner hears nothing more. */
  #over = false;

  /** For a connection whose handshake is done. Call {@link FrameSocket.start} next. */
  constructor(socket: Duplex, owner: FrameSocketOwner, end: FrameSocketEnd, services: FrameSocketServices) {
    this.#socket = socket;
    this.#owner = owner;
    this.#isServer = end.isServer;
    this.#maxMessageBytes = end.maxMessageBytes;
    this.#deflate = end.deflate;
    this.#pings = end.pings;
    this.#services = services;
    Object.assign(socket, { [kFrames]: this });
  }

  /** Begins to read. */
  start(): void {
    const socket = this.#socket;
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', onSocketError);
    socket.on('close', onSocketClose);
    socket.on('drain', onDrain);
    socket.resume();
    if (this.#pings === undefined) return;
    this.#timer = new Pulse(this);
    this.#services.timers.start(this.#timer, this.#pings.interval);
  }

  /** Bytes that have been sent and wait in this process. */
  get pendingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Bytes that they take. */
  get pendingCost(): number {
    return this.#frames.length * MESSAGE_COST + this.pendingBytes;
  }

  /** Changes whenever the other side takes something. */
  get progress(): number {
    return progressOf(this.#socket);
  }

  /** The other side does not take what was written. */
  get blocked(): boolean {
    return this.#blocked;
  }

  send(frame: Frame): void {
    if (this.#closeSent || this.#over) return;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#blocked) return;
    if (this.#bytes >= MAX_GATHERED) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#services.flusher.add(this);
    }
  }

  /** Drops what has not been handed to the connection. */
  drop(): void {
    if (this.#closeSent) return;
    this.#frames = [];
    this.#bytes = 0;
  }

  /** Sends a Close, as the first or as the answer; `code` and `reason` must be sendable. */
  close(code: number, reason: string): void {
    if (this.#closeSent || this.#over) return;
    this.#frames.push(closeFrame(code, reason, !this.#isServer));
    this.#closeSent = true;
    if (this.#closeReceived) {
      this.#end();
      return;
    }
    this.#timer ??= new Timer(this);
    this.#services.timers.start(this.#timer, CLOSE_TIMEOUT);
    // Whoever was not read from may have answered long ago.
    this.resume();
    this.flush();
  }

  /** Sends a Close, and ends the connection without waiting for the answer; the owner hears nothing more. RFC 6455 7.1.7. */
  fail(code: number, reason: string): void {
    if (this.#over) return;
    this.close(code, reason);
    // Where it answered a Close, the connection ends already.
    if (!this.#over) this.#end();
  }

  /** Cuts the connection; the owner hears nothing more. */
  abort(): void {
    this.#over = true;
    this.#services.input.remove(this);
    this.#socket.destroy();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    // What it has sent meanwhile is read only now.
    this.#pulse?.hear();
    if (this.#receiver?.writableNeedDrain !== true) this.#socket.resume();
  }

  /** Writes out what was gathered. */
  flush(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    if (this.#blocked || socket.writableEnded || socket.destroyed) return;
    while (!this.#blocked && this.#frames.length > 0) {
      const isFull = !socket.write(joinFrames(this.#takeSome()));
      // A socket calls itself full after a long write, though the system may have taken all of it.
      this.#blocked = isFull && socket.writableLength > 0;
      if (this.#blocked && !this.#over) this.#owner.onBlocked();
    }
  }

  /** An interval between pings is over; or the other side has not answered a Close in time. */
  onTimer(timer: Timer): void {
    if (this.#closeSent) {
      this.#socket.destroy();
      this.#break('no answer to a Close in time');
    } else if (timer instanceof Pulse) {
      this.#beat(timer);
    }
  }

  onData(chunk: Buffer): void {
    if (this.#over || this.#closeReceived) return;
    this.#pulse?.hear();
    this.#receiver ??= this.#newReceiver();
    this.#lastRead = chunk.length;
    this.#unfinished += chunk.length;
    if (!this.#receiver.write(chunk)) this.#socket.pause();
    if (this.#isServer && !this.#over) this.#services.input.update(this, this.#unfinished);
  }

  /** Clients keep the process from more important things by messages that they do not finish. */
  shedInput(): void {
    if (this.#over) return;
    this.#receiver = undefined;
    this.#giveUp(CLOSE_TRY_AGAIN_LATER, 'too many bytes of unfinished messages');
  }

  onReceiverDrain(): void {
    if (!this.#paused) this.#socket.resume();
  }

  onMessage(type: MessageType, content: Buffer): void {
    this.#noteWhole(content.length);
    if (this.#over) return;
    if (type === 'pong' && this.#pings?.answers(content) === true) this.#pulse?.hearAnswer();
    else this.#owner.onMessage(type, content);
  }

  onConclude(code: number, reason: Buffer): void {
    if (this.#over) return;
    this.#closeReceived = true;
    if (this.#closeSent) this.#end();
    // A Close without a code is told as 1005: RFC 6455 7.1.5.
    this.#owner.onClose(code === NO_CODE ? undefined : code, reason.toString());
  }

  onReceiverError(error: Error & { readonly code?: string }): void {
    // What still comes is not understood.
    this.#giveUp(closeCodeOf(error.code), error.message);
  }

  onEnd(): void {
    if (this.#over) return;
    this.#socket.destroy();
    this.#break('the connection was ended without a Close');
  }

  onSocketError(error: Error): void {
    this.#break(error.message);
  }

  onSocketClose(): void {
    this.#stopTimer();
    this.#frames = [];
    this.#bytes = 0;
    this.#services.input.remove(this);
    this.#break('the connection was lost');
    this.#freeInflater();
  }

  onDrain(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#pulse?.hear();
    this.flush();
    if (!this.#blocked && !this.#over) this.#owner.onDrained();
  }

  /** An error of ours, or of whoever listens, ends this connection and no other. */
  crash(error: unknown): void {
    this.#services.onError(error);
    this.#socket.destroy();
    try {
      this.#break('an internal error');
    } catch (again) {
      this.#services.onError(again);
    }
  }

  get #pulse(): Pulse | undefined {
    return this.#timer instanceof Pulse ? this.#timer : undefined;
  }

  #beat(pulse: Pulse): void {
    const pings = this.#pings;
    // Whoever has sent a Close need not answer pings.
    if (pings === undefined || this.#over || this.#closeReceived) return;
    this.#services.timers.start(pulse, pings.interval);
    // A ping would not get to it now, or its answer would not be read.
    if (this.#blocked || this.#socket.isPaused()) return;
    const beat = pulse.beat(pings.interval, progressOf(this.#socket));
    if (beat === 'ping') this.send(pings.frame);
    else if (beat === 'lost') this.#giveUp(INTERNAL_ERROR, 'no answer to a ping in time', 'ping');
  }

  /** Ends the connection because of what the other side did, or did not do. */
  #giveUp(code: number, detail: string, limit?: LimitName): void {
    if (this.#over) return;
    this.close(code, '');
    this.#break(detail, limit);
    this.#end();
  }

  /**
   * A message has come in whole. How much of what came along with its end belongs to the next one is not known exactly: heads of
   * fragments, and compression, blur it by what came at once.
   */
  #noteWhole(length: number): void {
    this.#unfinished = Math.max(0, Math.min(this.#unfinished - length - headLength(length), this.#lastRead));
  }

  #newReceiver(): Receiver {
    const receiver = new Receiver({
      isServer: this.#isServer,
      maxPayload: this.#maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
      extensions: this.#deflate === undefined ? NO_EXTENSIONS : { 'permessage-deflate': this.#deflate },
    });
    Object.assign(receiver, { [kFrames]: this });
    receiver.on('message', onMessage);
    receiver.on('ping', onPing);
    receiver.on('pong', onPong);
    receiver.on('conclude', onConclude);
    receiver.on('error', onReceiverError);
    receiver.on('drain', onReceiverDrain);
    return receiver;
  }

  /** What is being inflated must come to its end first: ws lets go of the others that wait for zlib, and of this, only then. */
  #freeInflater(): void {
    const deflate = this.#deflate;
    if (deflate === undefined) return;
    const receiver = this.#receiver;
    if (receiver === undefined || receiver.writableFinished || receiver.errored !== null) {
      deflate.cleanup();
      return;
    }
    const cleanUp = (): void => deflate.cleanup();
    receiver.once('finish', cleanUp);
    receiver.once('error', cleanUp);
    receiver.end();
  }

  /** Takes out as many frames as are worth one write: what the other side does not take had better wait here. */
  #takeSome(): readonly Frame[] {
    const frames = this.#frames;
    if (this.#bytes <= MAX_GATHERED) {
      this.#frames = [];
      this.#bytes = 0;
      return frames;
    }
    let count = 0;
    let bytes = 0;
    for (const { length } of frames) {
      if (count > 0 && bytes + length > MAX_GATHERED) break;
      bytes += length;
      count++;
    }
    this.#bytes -= bytes;
    return frames.splice(0, count);
  }

  /** Ends the connection once all has gone out. */
  #end(): void {
    this.#over = true;
    this.#services.input.remove(this);
    this.#stopTimer();
    this.#blocked = false;
    this.flush();
    this.#socket.end();
    this.#services.lingering.add(this.#socket);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#services.timers.stop(this.#timer);
  }

  #break(detail: string, limit?: LimitName): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.onBroken(detail, limit);
  }
}

/** Bytes of a masked frame besides its content. RFC 6455 5.2. */
function headLength(length: number): number {
  if (length < 126) return 6;
  return length < 65_536 ? 8 : 14;
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

const onData = listener((frames, chunk: Buffer) => frames.onData(chunk));
const onEnd = listener((frames) => frames.onEnd());
const onSocketError = listener((frames, error: Error) => frames.onSocketError(error));
const onSocketClose = listener((frames) => frames.onSocketClose());
const onDrain = listener((frames) => frames.onDrain());
const onMessage = listener((frames, content: Buffer, isBinary: boolean) =>
  frames.onMessage(isBinary ? 'binary' : 'text', content),
);
const onPing = listener((frames, content: Buffer) => frames.onMessage('ping', content));
const onPong = listener((frames, content: Buffer) => frames.onMessage('pong', content));
const onConclude = listener((frames, code: number, reason: Buffer) => frames.onConclude(code, reason));
const onReceiverError = listener((frames, error: Error) => frames.onReceiverError(error));
const onReceiverDrain = listener((frames) => frames.onReceiverDrain());

/** A listener on a socket or its receiver, which must not throw. */
function listener<A extends unknown[]>(
  run: (frames: FrameSocket, ...args: A) => void,
): (this: object, ...args: A) => void {
  return function (this: Partial<Framed>, ...args) {
    const frames = this[kFrames];
    if (frames === undefined) return;
    try {
      run(frames, ...args);
    } catch (error) {
      frames.crash(error);
    }
  };
}
