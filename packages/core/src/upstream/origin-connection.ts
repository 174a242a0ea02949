import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../clock.js';
import { Timer, type TimerOwner } from '../timers.js';
import { codeOf } from './connect-failure.js';
import type { Exchange, ExchangePlace } from './exchange.js';
import { readBeforeFailing } from './read-before-failing.js';
import { writeRequestHead } from './request-head.js';
import { ResponseError } from './response-head.js';
import { ResponseReader, type ResponseSink } from './response-reader.js';
import { Upload, type UploadOwner } from './upload.js';
import type { UpstreamError } from './upstream.js';
import type { UpstreamServices } from './upstream-services.js';

/** Who owns an {@link OriginConnection}. */
export interface ConnectionOwner {
  /** Milliseconds until the head of a response; 0: for ever. */
  readonly responseTimeout: number;
  /** An idle connection may have been closed at the other end, and we have not read that. */
  readonly mayBeStale: boolean;
  /** The connection could carry another request. */
  onConnectionFree(connection: OriginConnection): void;
  /** Nothing of its request has been sent: it wants another connection. */
  onNotSent(exchange: Exchange): void;
  /** The connection is closed. */
  onConnectionClosed(connection: OriginConnection): void;
}

/** Milliseconds that a connection is kept which nobody uses, where the origin does not say how long it does. */
const IDLE_TIME = 4000;
const MAX_IDLE_TIME = 600_000;
/** Milliseconds before the origin closes it that it is not used any more. */
const IDLE_MARGIN = 2000;

/** What is written in one string, as Node has less to do for one than for two. */
const MAX_AT_ONCE = 8192;

/** What says that the origin had closed the connection when the request was sent. */
const STALE = new Set(['ECONNRESET', 'EPIPE']);

/** One connection to an origin, kept for one request after the other. */
export class OriginConnection implements ResponseSink, UploadOwner, ExchangePlace, TimerOwner {
  /** The name in the TLS handshake; undefined: there is none. */
  readonly serverName: string | undefined;
  /** Milliseconds of the machine's steady clock: until when it is kept without a request. */
  idleUntil = 0;
  /** Ends the attempt to connect. */
  giveUp: (() => void) | undefined;
  readonly #owner: ConnectionOwner;
  readonly #services: UpstreamServices;
  readonly #reader = new ResponseReader(this);
  readonly #timer = new Timer(this);
  #socket: Duplex | undefined;
  #connectedAt = 0;
  #exchange: Exchange | undefined;
  #upload: Upload | undefined;
  /** Requests that have been answered. */
  #answered = 0;
  /** Something of the response to the present request has come. */
  #isHeard = false;
  #isSent = false;
  #isPaused = false;
  #readsBeforeFailing = false;
  #isClosed = false;

  constructor(owner: ConnectionOwner, services: UpstreamServices, serverName: string | undefined) {
    this.#owner = owner;
    this.#services = services;
    this.serverName = serverName;
  }

  /** The connection has been made. */
  connected(socket: Duplex): void {
    this.#socket = socket;
    this.giveUp = undefined;
    this.#connectedAt = this.#services.clock.monotonic();
    socket.on('end', () => this.#guard(() => this.#onEnd()));
    socket.on('error', (error) => this.#guard(() => this.#onError(error)));
    socket.on('drain', () => this.#upload?.drained());
    socket.once('close', () => this.#guard(() => this.#onClose()));
    const exchange = this.#exchange;
    // Whoever gave the request up has closed the connection with that.
    if (exchange === undefined) socket.destroy();
    else this.#guard(() => this.#send(exchange));
  }

  /** No connection could be made. */
  failed(error: UpstreamError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#closed();
    exchange?.fail(error);
  }

  /** It may carry another request: it is not at its end, nor older than connections may become. */
  get isUsable(): boolean {
    if (this.#socket?.readable !== true) return false;
    const { connectionMaxAge, clock } = this.#services;
    return connectionMaxAge === 0 || clock.monotonic() - this.#connectedAt < connectionMaxAge;
  }

  /** Carries a request. There must be none under way. */
  carry(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.place = this;
    this.#isSent = false;
    if (this.#socket === undefined) return;
    if (exchange.mayRepeat || this.#answered === 0 || !this.#owner.mayBeStale) {
      this.#guard(() => this.#send(exchange));
      return;
    }
    // Should the origin have closed the connection, we have not read that yet: this request could not be repeated.
    setImmediate(() =>
      setImmediate(() => this.#guard(() => this.#exchange === exchange && this.#send(exchange))),
    );
  }

  /** Reads what the origin sends. @returns false: it is to wait */
  read(chunk: Buffer): boolean {
    try {
      this.#read(chunk);
    } catch (error) {
      this.#caught(error);
    }
    return !this.#isPaused;
  }

  abandon(_exchange: Exchange): void {
    this.#exchange = undefined;
    this.close();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  /** Cuts the connection; nobody is told but its owner. */
  close(): void {
    this.#reader.stop();
    this.#services.timers.stop(this.#timer);
    this.#upload?.stop();
    this.#upload = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.fail({ kind: 'broken', detail: 'the proxy closes' });
    if (this.#socket === undefined) {
      this.giveUp?.();
      this.#closed();
    } else this.#socket.destroy();
  }

  onInterim(status: number, headers: string[]): void {
    this.#exchange?.interim(status, headers);
  }

  onHead(status: number, reason: string, headers: string[]): void {
    this.#services.timers.stop(this.#timer);
    this.#upload?.answered();
    this.#exchange?.head(status, reason, headers);
  }

  onData(chunk: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.data(chunk) || this.#exchange !== exchange) return;
    this.#isPaused = true;
    this.#socket?.pause();
  }

  onUploadBroken(error: Error): void {
    this.#fail({ kind: 'broken', detail: error.message, cause: error });
  }

  onUploadStalled(): void {
    this.#fail({ kind: 'timeout', detail: "the origin does not take the request's body" });
  }

  /** The origin does not answer. */
  onTimer(): void {
    this.#guard(() => this.#fail({ kind: 'timeout', detail: 'the origin did not answer in time' }));
  }

  #send(exchange: Exchange): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isClosed) return;
    const { request } = exchange;
    const { body } = request;
    let head: ReturnType<typeof writeRequestHead>;
    try {
      head = writeRequestHead(request);
    } catch (error) {
      this.#exchange = undefined;
      this.#owner.onConnectionFree(this);
      queueMicrotask(() => exchange.fail({ kind: 'broken', detail: (error as Error).message, cause: error }));
      return;
    }
    const { responseTimeout } = this.#owner;
    if (responseTimeout > 0) this.#services.timers.start(this.#timer, responseTimeout);
    this.#isHeard = false;
    this.#isSent = true;
    this.#reader.begin(request.method);
    if (body === null) {
      socket.write(`${head.text}\r\n`, 'latin1');
    } else if (body instanceof Uint8Array && body.length <= MAX_AT_ONCE) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      socket.write(`${head.text}\r\n${bytes.toString('latin1')}`, 'latin1');
    } else {
      this.#readBeforeFailing(socket);
      this.#upload = new Upload(socket, this.#services, this);
      if (body instanceof Uint8Array) this.#upload.sendAll(head, body);
      else this.#upload.send(head, body);
    }
  }

  #readBeforeFailing(socket: Duplex): void {
    if (this.#readsBeforeFailing || !(socket instanceof Socket)) return;
    this.#readsBeforeFailing = true;
    readBeforeFailing(socket);
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#isHeard = true;
    const end = this.#reader.read(chunk);
    // Without a request, whatever comes is too much.
    if (this.#reader.isOver) this.#finish(end === chunk.length);
  }

  /** The response is over. `isClean`: nothing came behind it. */
  #finish(isClean: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange === undefined) {
      this.close();
      return;
    }
    this.#answered++;
    const upload = this.#upload;
    this.#upload = undefined;
    const isReusable =
      isClean && this.#reader.staysOpen && (upload === undefined || upload.isDone) && this.isUsable;
    const { trailers } = this.#reader;
    upload?.stop();
    if (isReusable) this.#free();
    else this.close();
    exchange.end(trailers);
  }

  #free(): void {
    this.resume();
    const { idleSeconds } = this.#reader;
    const kept = idleSeconds === undefined ? IDLE_TIME : Math.max(idleSeconds * 1000 - IDLE_MARGIN, 0);
    const max = this.#services.connectionMaxAge || MAX_IDLE_TIME;
    this.idleUntil = systemClock.monotonic() + Math.min(kept, max, MAX_IDLE_TIME);
    this.#owner.onConnectionFree(this);
  }

  #onEnd(): void {
    if (this.#exchange !== undefined && this.#reader.end()) this.#finish(false);
    else this.#lose(new Error('the origin has closed the connection'), true);
  }

  #onError(error: Error): void {
    this.#lose(error, STALE.has(codeOf(error)));
  }

  #onClose(): void {
    this.#lose(new Error('closed'), true);
    this.#closed();
  }

  /** The connection is at its end. `isStale`: it may have been so before the request came. */
  #lose(error: Error, isStale: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.close();
    } else if (!this.#isSent || (isStale && exchange.mayRepeat && this.#answered > 0 && !this.#isHeard)) {
      if (this.#isSent) exchange.mayRepeat = false;
      this.#exchange = undefined;
      this.close();
      this.#owner.onNotSent(exchange);
    } else {
      const detail = this.#reader.hasHead ? `the response broke off: ${error.message}` : error.message;
      this.#fail({ kind: 'broken', detail, cause: error });
    }
  }

  #fail(error: UpstreamError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.close();
    exchange?.fail(error);
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#owner.onConnectionClosed(this);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#caught(error);
    }
  }

  /** What an origin sends, or a handler throws, ends this connection and nothing else. */
  #caught(error: unknown): void {
    if (!(error instanceof ResponseError)) this.#services.onError(error);
    this.#fail({ kind: 'broken', detail: (error as Error).message, cause: error });
  }
}
