/// <reference path="./undici-parts.d.ts" />
import { Socket } from 'node:net';
import type * as undici from 'undici';
import type { SteadyClock } from '../clock.js';
import { readBeforeFailing } from './read-before-failing.js';
import { Client, type Connector } from './undici.js';

/** Who asks by an {@link OriginConnection}, and may want to know how its request is doing there. */
export interface ConnectionUser {
  connection?: OriginConnection | undefined;
}

/** How old a connection may become, so that an origin is followed to where its name leads. */
export interface MaxAge {
  readonly ms: number;
  readonly clock: SteadyClock;
}

/** The place of one connection in a pool: carries one request at a time, and connects anew when its connection has ended. */
export class OriginConnection extends Client {
  /** Undefined: none has been made yet. */
  socket: Socket | undefined;
  readonly #maxAge: MaxAge | undefined;
  #connectedAt = Number.POSITIVE_INFINITY;

  /** @param maxAge undefined: as old as it likes */
  constructor(
    origin: string | URL,
    { connect, ...options }: undici.Client.Options & { readonly connect: Connector },
    maxAge?: MaxAge,
  ) {
    super(origin, {
      ...options,
      ...(maxAge !== undefined && idleTimes(maxAge.ms)),
      connect: (target, callback) => {
        connect(target, (...result) => {
          const [, socket] = result;
          if (socket instanceof Socket) readBeforeFailing(socket);
          if (this !== undefined) this.#use(socket ?? undefined);
          callback(...result);
        });
      },
    });
    this.#maxAge = maxAge;
  }

  override dispatch(
    options: undici.Dispatcher.DispatchOptions,
    handler: undici.Dispatcher.DispatchHandler,
  ): boolean {
    (handler as ConnectionUser).connection = this;
    // A new connection is made then, and the request waits for that.
    if (this.#isOld) this.#closeIdle();
    return super.dispatch(options, handler);
  }

  /** A response is over. Where the connection is too old, no request follows. */
  onResponseEnd(): void {
    // undici is done with the response only when this call is over.
    if (this.#isOld) setImmediate(() => this.#isOld && this.#closeIdle());
  }

  get #isOld(): boolean {
    const maxAge = this.#maxAge;
    return maxAge !== undefined && maxAge.clock.monotonic() - this.#connectedAt >= maxAge.ms;
  }

  #use(socket: Socket | undefined): void {
    this.socket = socket;
    this.#connectedAt = this.#maxAge?.clock.monotonic() ?? Number.POSITIVE_INFINITY;
  }

  /** With a request under way, its end is near anyway. */
  #closeIdle(): void {
    if (this.stats.size === 0) this.socket?.destroy();
  }
}

/** Milliseconds that undici keeps a connection which nobody uses: its own default, and what an origin asks for. */
const IDLE_TIME = 4000;
const MAX_IDLE_TIME = 600_000;

function idleTimes(ms: number): Partial<undici.Client.Options> {
  return { keepAliveTimeout: Math.min(IDLE_TIME, ms), keepAliveMaxTimeout: Math.min(MAX_IDLE_TIME, ms) };
}
