import { type ClockTimer, systemClock } from '../clock.js';
import { Timer } from '../timers.js';
import type { Exchange, ExchangePlace } from './exchange.js';
import { ExchangeLine } from './exchange-line.js';
import { type ConnectionOwner, OriginConnection } from './origin-connection.js';
import type { UpstreamError } from './upstream.js';
import type { UpstreamServices } from './upstream-services.js';

/** What opens the connections of an {@link OriginPool}. */
export interface Opener {
  /** For messages. */
  readonly name: string;
  /** @see ConnectionOwner.responseTimeout */
  readonly responseTimeout: number;
  /** @see ConnectionOwner.mayBeStale */
  readonly mayBeStale: boolean;
  /** The name in the TLS handshake of a request's connection; undefined: there is none, or they are all the same. */
  serverNameOf(exchange: Exchange): string | undefined;
  /** Opens one, and tells it how that went. @returns gives it up before that */
  open(connection: OriginConnection): () => void;
}

const CLOSED: UpstreamError = { kind: 'broken', detail: 'the proxy closes' };

/** Milliseconds between two looks for connections that nobody has used for long. */
const LOOK = 1000;

/**
 * The connections to one origin: as many as there are requests under way, up to a bound, and those that wait for the next
 * request. Behind the bound requests wait: those of clients behind those that the proxy makes by itself for the clients
 * that it holds.
 */
export class OriginPool implements ConnectionOwner, ExchangePlace {
  readonly #opener: Opener;
  readonly #services: UpstreamServices;
  readonly #connections = new Set<OriginConnection>();
  /** The last one used is used first: so those that are not needed become old. */
  readonly #idle: OriginConnection[] = [];
  readonly #own = new ExchangeLine();
  readonly #ofClients = new ExchangeLine();
  readonly #waitTimer: Timer;
  #idleTimer: ClockTimer | undefined;
  #isClosed = false;
  #onLastClosed: (() => void) | undefined;

  constructor(opener: Opener, services: UpstreamServices) {
    this.#opener = opener;
    this.#services = services;
    this.#waitTimer = new Timer({ onTimer: () => this.#giveUp() });
  }

  get responseTimeout(): number {
    return this.#opener.responseTimeout;
  }

  get mayBeStale(): boolean {
    return this.#opener.mayBeStale;
  }

  /** How many connections there are, those included that are being made. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Sends a request as soon as a connection is free, or has it fail. */
  send(exchange: Exchange): void {
    if (this.#isClosed) {
      // Whoever asks does not expect an answer before it has asked.
      queueMicrotask(() => exchange.fail(CLOSED));
      return;
    }
    const serverName = this.#opener.serverNameOf(exchange);
    const idle = this.#takeIdle(serverName);
    if (idle !== undefined) idle.carry(exchange);
    else if (this.#hasRoom) this.#open(exchange, serverName);
    else this.#wait(exchange);
  }

  /** A request is given up that waits. */
  abandon(exchange: Exchange): void {
    this.#lineOf(exchange).remove(exchange);
    this.#stopIfEmpty();
  }

  resume(): void {}

  onConnectionFree(connection: OriginConnection): void {
    const next = this.#own.first ?? this.#ofClients.first;
    if (next === undefined) {
      this.#idle.push(connection);
      // The other end closes it by the time of its own machine, whatever clock the proxy has been given.
      this.#idleTimer ??= systemClock.setTimeout(this.#closeIdle, LOOK);
    } else if (this.#opener.serverNameOf(next) === connection.serverName) {
      this.abandon(next);
      connection.carry(next);
    } else {
      // What waits has to wait for another connection, which needs the place of this one.
      connection.close();
    }
  }

  onNotSent(exchange: Exchange): void {
    if (this.#isClosed) exchange.fail(CLOSED);
    // What else is idle may be as stale.
    else if (this.#hasRoom) this.#open(exchange, this.#opener.serverNameOf(exchange));
    else this.send(exchange);
  }

  onConnectionClosed(connection: OriginConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onLastClosed?.();
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const next = this.#own.first ?? this.#ofClients.first;
    if (next === undefined || !this.#hasRoom) return;
    this.abandon(next);
    this.#open(next, this.#opener.serverNameOf(next));
  }

  /** Cuts all connections, and has all that wait fail. Resolves when the connections are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#idleTimer !== undefined) systemClock.clearTimeout(this.#idleTimer);
    for (const line of [this.#own, this.#ofClients]) {
      for (let one = line.first; one !== undefined; one = line.first) {
        line.remove(one);
        one.fail(CLOSED);
      }
    }
    this.#stopIfEmpty();
    for (const connection of [...this.#connections]) connection.close();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onLastClosed = resolve;
    });
  }

  get #hasRoom(): boolean {
    return this.#connections.size < this.#services.connectionsPerOrigin;
  }

  get #hasWaiting(): boolean {
    return this.#own.size + this.#ofClients.size > 0;
  }

  #takeIdle(serverName: string | undefined): OriginConnection | undefined {
    const idle = this.#idle;
    for (let i = idle.length - 1; i >= 0; i--) {
      const connection = idle[i];
      if (connection === undefined || connection.serverName !== serverName) continue;
      if (i === idle.length - 1) idle.pop();
      else idle.splice(i, 1);
      if (connection.isUsable) return connection;
      connection.close();
    }
    return undefined;
  }

  #open(exchange: Exchange, serverName: string | undefined): void {
    const connection = new OriginConnection(this, this.#services, serverName);
    this.#connections.add(connection);
    connection.carry(exchange);
    connection.giveUp = this.#opener.open(connection);
  }

  #wait(exchange: Exchange): void {
    const line = this.#lineOf(exchange);
    const { queuedPerOrigin, connectTimeout, clock, timers } = this.#services;
    if (line.size >= queuedPerOrigin) {
      queueMicrotask(() => this.#refuse(exchange, 'too many requests wait for a connection'));
      return;
    }
    // Another name may be idle: its connection is in the way.
    this.#idle[0]?.close();
    exchange.place = this;
    exchange.waitsSince = clock.monotonic();
    line.add(exchange);
    if (connectTimeout > 0 && !this.#waitTimer.pending) timers.start(this.#waitTimer, connectTimeout);
  }

  #lineOf({ request }: Exchange): ExchangeLine {
    return request.isClients === true ? this.#ofClients : this.#own;
  }

  /** Those that have waited too long. */
  #giveUp(): void {
    const { timers, clock, connectTimeout } = this.#services;
    const last = clock.monotonic() - connectTimeout;
    let oldest = Number.POSITIVE_INFINITY;
    for (const line of [this.#own, this.#ofClients]) {
      for (let one = line.first; one !== undefined && one.waitsSince <= last; one = line.first) {
        line.remove(one);
        this.#refuse(one, 'no connection became free in time');
      }
      oldest = Math.min(oldest, line.first?.waitsSince ?? oldest);
    }
    if (this.#hasWaiting) timers.start(this.#waitTimer, oldest - last);
  }

  readonly #closeIdle = (): void => {
    const now = systemClock.monotonic();
    for (const connection of [...this.#idle])
      if (connection.idleUntil <= now || !connection.isUsable) connection.close();
    this.#idleTimer = this.#idle.length > 0 ? systemClock.setTimeout(this.#closeIdle, LOOK) : undefined;
  };

  #refuse(exchange: Exchange, detail: string): void {
    if (exchange.isOver) return;
    const { method, path } = exchange.request;
    const { name } = this.#opener;
    this.#services.limits.reached('queued', { origin: name, method, path, detail });
    exchange.fail({ kind: 'busy', detail: `${name}: ${detail}` });
  }

  #stopIfEmpty(): void {
    if (!this.#hasWaiting) this.#services.timers.stop(this.#waitTimer);
  }
}
