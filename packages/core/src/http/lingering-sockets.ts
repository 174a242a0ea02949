import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Limits } from '../limits.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { dropData } from './node-connection.js';

/** How long, and how much, is read of what goes nowhere. */
export interface LingerBounds {
  /** Milliseconds. */
  readonly timeout: number;
  readonly bytes: number;
}

/** Milliseconds between two looks at how much has come. */
const PERIOD = 250;

/**
 * Connections that have been sent their last word, or a response, while the other side may still be sending. They are read until the
 * other side has gone, or has sent the request whole: to close with data unread would reset the connection, and the other side
 * would never see what it was sent. But not for ever: RFC 9112 9.6.
 */
export class LingeringSockets {
  readonly #timers: Timers;
  readonly #limits: Limits;
  readonly #bounds: LingerBounds;
  readonly #lingering = new Map<Duplex, Lingering>();

  constructor(timers: Timers, limits: Limits, bounds: LingerBounds) {
    this.#timers = timers;
    this.#limits = limits;
    this.#bounds = bounds;
  }

  /** Takes a connection whose writable side is being ended. */
  add(socket: Duplex): void {
    if (socket.destroyed) return;
    this.#start(new Lingering(this, socket));
    socket.on('error', ignore);
    socket.resume();
  }

  /**
   * Takes the connection of a request that has been answered before its body was there. Once the body is, it goes on as any other;
   * where Node's server is to close it, it does so here.
   */
  behind(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    if (socket.destroyed || !(socket instanceof Socket) || this.#lingering.has(socket)) return;
    this.#start(new UnreadRequest(this, req, res));
  }

  /** Cuts all of them. */
  close(): void {
    for (const socket of this.#lingering.keys()) socket.destroy();
  }

  /** @internal */
  stop(lingering: Lingering): void {
    this.#timers.stop(lingering.timer);
    this.#lingering.delete(lingering.socket);
  }

  /** @internal */
  look(lingering: Lingering): void {
    const { timeout, bytes } = this.#bounds;
    if (lingering.waited < timeout && lingering.bytes <= bytes) {
      lingering.waited += PERIOD;
      this.#timers.start(lingering.timer, PERIOD);
      return;
    }
    if (lingering instanceof UnreadRequest) this.#limits.reached('unreadBody', lingering.fields);
    this.stop(lingering);
    lingering.socket.destroy();
  }

  #start(lingering: Lingering): void {
    this.#lingering.set(lingering.socket, lingering);
    lingering.socket.once('close', () => this.stop(lingering));
    this.look(lingering);
  }
}

class Lingering implements TimerOwner {
  readonly socket: Duplex & { readonly bytesRead?: number };
  readonly timer: Timer = new Timer(this);
  /** Milliseconds since there is nothing more to send. */
  waited = 0;
  protected readonly all: LingeringSockets;
  readonly #bytesBefore: number;

  constructor(all: LingeringSockets, socket: Duplex) {
    this.all = all;
    this.socket = socket;
    this.#bytesBefore = this.socket.bytesRead ?? 0;
  }

  /** How many have come since. */
  get bytes(): number {
    return (this.socket.bytesRead ?? 0) - this.#bytesBefore;
  }

  onTimer(): void {
    this.all.look(this);
  }
}

class UnreadRequest extends Lingering {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;

  constructor(all: LingeringSockets, req: IncomingMessage, res: ServerResponse) {
    const { socket } = req;
    super(all, socket);
    this.#req = req;
    this.#res = res;
    if (!req.complete) req.once('end', () => this.#goOn());
    // What Node's server calls to close a connection behind a response.
    socket.destroySoon = () => this.#end();
  }

  get fields(): Readonly<Record<string, unknown>> {
    const { method, url } = this.#req;
    return { method, url, bytes: this.bytes };
  }

  override onTimer(): void {
    // The client may take its time for the response.
    if (!this.#res.writableFinished) this.waited = 0;
    super.onTimer();
  }

  #end(): void {
    const { socket } = this.#req;
    restoreDestroySoon(socket);
    // No further request must be read: its response could not be sent.
    dropData(socket);
    socket.on('error', ignore);
    socket.end();
    socket.resume();
  }

  /** The request is there in whole. */
  #goOn(): void {
    restoreDestroySoon(this.#req.socket);
    this.all.stop(this);
  }
}

function restoreDestroySoon(socket: Partial<Pick<Socket, 'destroySoon'>>): void {
  delete socket.destroySoon;
}

function ignore(): void {}
