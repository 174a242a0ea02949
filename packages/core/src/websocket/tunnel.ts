import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type HeaderList, headerValue } from '@p-8/protocol';
import { ORIGIN_ERROR } from '../http/error-response.js';
import { relayedHeaders } from '../http/forwarded-headers.js';
import type { LingeringSockets } from '../http/lingering-sockets.js';
import { probe } from '../http/node-connection.js';
import type { StallWatch } from '../http/stall-watch.js';
import type { Limits } from '../limits.js';
import type { Logger, OnError } from '../logger.js';
import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { Timer, type TimerOwner, type Timers } from '../timers.js';
import { failureCause } from '../upstream/connect-failure.js';
import { withHost } from '../upstream/failover.js';
import type { ClientWebSocketOwner } from './client-web-socket.js';
import { writeSwitch } from './handshake.js';
import { askOrigin, type HandshakeOwner } from './origin-handshake.js';
import { Pipe } from './pipe.js';
import type { SocketClient } from './socket-client.js';

/** Milliseconds that one end has to follow when the other has ended its side. */
const END_TIMEOUT = 10_000;

/** What all tunnels of a proxy share. */
export interface TunnelServices {
  readonly logger: Logger;
  readonly timers: Timers;
  readonly lingering: LingeringSockets;
  readonly limits: Limits;
  readonly stalls: StallWatch;
  readonly onError: OnError;
}

/** Where a tunnel leads. */
export interface TunnelRoute {
  /** The client's handshake as the origin gets it. */
  readonly handshake: Handshake;
  /** Tried in order. */
  readonly targets: readonly WebSocketTarget[];
  /** Clients are told what went wrong. */
  readonly debug: boolean;
  /** The client is on this machine, and is told which targets were asked. */
  readonly tellsReason: boolean;
}

/**
 * A WebSocket that passes byte by byte, on a route that takes no part in GRIP: the client's handshake goes to the first target
 * that can be reached, and a 101 of the origin connects the two. Neither end outlives the other.
 */
export class Tunnel implements ClientWebSocketOwner, HandshakeOwner, TimerOwner {
  readonly #services: TunnelServices;
  readonly #client: SocketClient;
  readonly #route: TunnelRoute;
  readonly #onEnd: (tunnel: Tunnel) => void;
  readonly #timer = new Timer(this);
  #tried = 0;
  /** What became of the targets that could not be reached. */
  #unreached = '';
  /** The connection to the origin, from the handshake on. */
  #origin: Duplex | undefined;
  /** The client's connection, once the origin has let the client in. */
  #open: Duplex | undefined;
  #pipes: readonly Pipe[] = [];
  #isOver = false;

  /** `onEnd` hears once that nothing is left of it. */
  constructor(
    services: TunnelServices,
    client: SocketClient,
    route: TunnelRoute,
    onEnd: (tunnel: Tunnel) => void,
  ) {
    this.#services = services;
    this.#client = client;
    this.#route = route;
    this.#onEnd = onEnd;
  }

  open(): void {
    this.#client.owner = this;
    this.#guard(() => this.#tryTarget());
  }

  /** Cuts both ends. */
  cut(): void {
    this.#finish();
    this.#origin?.destroy();
    if (this.#open === undefined) this.#client.abort();
    else this.#open.destroy();
  }

  accepted({ rawHeaders }: IncomingMessage, origin: Duplex): void {
    this.#guard(() => this.#connect(rawHeaders, origin));
  }

  refused(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    this.#guard(() => this.#reject(status, reason, relayedHeaders(headers), body));
  }

  failed(detail: string): void {
    this.#guard(() => this.#fail(detail));
  }

  /** The origin has not answered in time, or one end does not follow the other. */
  onTimer(): void {
    if (this.#open !== undefined) {
      this.cut();
      return;
    }
    this.#fail('the origin did not answer the handshake in time');
    this.#origin?.destroy();
  }

  /** The client left before it was let in. */
  onClientGone(): void {
    this.#finish();
    this.#origin?.destroy();
  }

  // Until the client is let in, what it sends waits; then its connection belongs to the tunnel.
  onClientMessage(): void {}
  onClientClose(): void {}
  onClientBlocked(): void {}
  onClientDrained(): void {}

  #tryTarget(): void {
    const { connect, host, responseTimeout, name } = this.#route.targets[this.#tried++] ?? {};
    if (connect === undefined) {
      this.#fail('Unable to connect to any targets.', this.#unreached);
      return;
    }
    const { path, headers } = this.#route.handshake;
    const sent = host === undefined ? headers : withHost(headers, host);
    connect(headerValue(sent, 'host') ?? '', (error, socket) =>
      this.#guard(() => {
        if (socket !== undefined) this.#ask(socket, { path, headers: sent }, responseTimeout ?? 0);
        else if (this.#isOver) return;
        else if (error?.kind === 'connect') {
          const cause = failureCause(error);
          this.#unreached += `${this.#unreached && '; '}${name}: ${cause}`;
          this.#services.logger.info(
            { path, target: name, detail: error.detail, cause },
            'target not reached',
          );
          this.#tryTarget();
        } else this.#fail(error?.detail ?? 'no connection');
      }),
    );
  }

  #ask(socket: Duplex, handshake: Handshake, responseTimeout: number): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#origin = socket;
    if (responseTimeout > 0) this.#services.timers.start(this.#timer, responseTimeout);
    askOrigin(socket, handshake, this);
  }

  #connect(headers: HeaderList, origin: Duplex): void {
    if (this.#isOver) {
      origin.destroy();
      return;
    }
    this.#services.timers.stop(this.#timer);
    const client = this.#client.release();
    this.#open = client;
    this.#origin = origin;
    // That to the origin is probed already.
    probe(client);
    client.once('close', () => this.cut());
    origin.once('close', () => this.#end(client));
    client.once('end', this.#onHalfEnd);
    origin.once('end', this.#onHalfEnd);
    writeSwitch(client, relayedHeaders(headers));
    const { stalls } = this.#services;
    this.#pipes = [
      new Pipe(client, origin, stalls, (bytes) => this.#stall('origin', bytes)),
      new Pipe(origin, client, stalls, (bytes) => this.#stall('client', bytes)),
    ];
    for (const pipe of this.#pipes) pipe.start();
  }

  /** `side` does not take what waits for it. */
  #stall(side: 'client' | 'origin', bytes: number): void {
    this.cut();
    this.#services.limits.reached('stalledTunnel', { side, bytes, path: this.#route.handshake.path });
  }

  readonly #onHalfEnd = (): void => {
    if (!this.#isOver) this.#services.timers.start(this.#timer, END_TIMEOUT);
  };

  /** The origin is gone: the client gets what is still on its way, and then the end. */
  #end(client: Duplex): void {
    this.#finish();
    client.end();
    this.#services.lingering.add(client);
  }

  #fail(detail: string, reason = detail): void {
    if (this.#isOver) return;
    const { handshake, debug, tellsReason } = this.#route;
    this.#services.logger.warn({ path: handshake.path, detail, reason }, 'tunnel failed');
    const told = tellsReason ? `${ORIGIN_ERROR}\n${reason}` : ORIGIN_ERROR;
    const text = debug ? detail : told;
    this.#reject(502, '', ['Content-Type', 'text/plain'], Buffer.from(`${text}\n`));
  }

  #reject(status: number, reason: string, headers: HeaderList, body: Uint8Array): void {
    if (this.#isOver) return;
    this.#finish();
    this.#client.reject(status, reason, headers, body);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#services.timers.stop(this.#timer);
    for (const pipe of this.#pipes) pipe.release();
    this.#onEnd(this);
  }

  /** What is thrown in a callback of a connection ends this tunnel, and nothing else. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#services.onError(error);
      this.cut();
    }
  }
}
