import type { GripProxy, GripProxyOptions, RouteOptions, TargetOptions } from '@p-8/core';
import { bodiesOf, type EventsHandler, eventsOrigin } from '../../../../test/support/events-origin.js';
import { settle } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { Origin } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { Stage } from '../../../../test/support/stage.js';
import { WsClient } from '../../../../test/support/ws-client.js';
import { type WsHandshake, WsOrigin } from '../../../../test/support/ws-origin.js';

/** How a bench differs from the usual. */
export interface BenchOptions {
  readonly proxy?: GripProxyOptions;
  readonly route?: Partial<RouteOptions>;
  readonly target?: TargetOptions;
  /** Gets the proxy before the first client comes. */
  readonly onProxy?: (proxy: GripProxy) => void;
}

/** A proxy that takes WebSockets, with a clock that stands still. */
export class WebSocketBench<O = Origin> {
  readonly stage: Stage;
  readonly origin: O;
  readonly server: ProxyServer;
  readonly clock: ManualClock;

  private constructor(stage: Stage, origin: O, server: ProxyServer, clock: ManualClock) {
    this.stage = stage;
    this.origin = origin;
    this.server = server;
    this.clock = clock;
  }

  /** With an origin that gets events over HTTP; where `handler` answers nothing, the test does. */
  static async overHttp(
    stage: Stage,
    handler?: EventsHandler,
    options: BenchOptions = {},
  ): Promise<WebSocketBench> {
    const origin = await eventsOrigin(stage, handler);
    return await WebSocketBench.with(stage, origin, { overHttp: true, url: origin.url }, options);
  }

  /** With an origin that speaks WebSocket, and accepts everything unless `onHandshake` does otherwise. */
  static async direct(
    stage: Stage,
    onHandshake?: (handshake: WsHandshake, count: number) => void,
    options: BenchOptions = {},
  ): Promise<WebSocketBench<WsOrigin>> {
    const origin = await WsOrigin.listen(onHandshake);
    stage.onClose(() => origin.close());
    return await WebSocketBench.with(stage, origin, { url: origin.url }, options);
  }

  /** With an origin of the test's own. */
  static async with<O>(
    stage: Stage,
    origin: O,
    target: TargetOptions,
    options: BenchOptions = {},
  ): Promise<WebSocketBench<O>> {
    const clock = new ManualClock();
    const route = { target: { ...target, ...options.target }, ...options.route };
    // Most tests let a clock that stands still leap: clients that answer no pings would be lost.
    const server = await stage.proxy({ clock, routes: [route], pingInterval: 0, ...options.proxy });
    server.proxy.attach(server.server);
    options.onProxy?.(server.proxy);
    return new WebSocketBench(stage, origin, server, clock);
  }

  get proxy(): GripProxy {
    return this.server.proxy;
  }

  /** A client that has been let in. */
  async open(path?: string, fields?: readonly string[]): Promise<WsClient> {
    return await WsClient.open(this.stage, this.server, path, fields);
  }

  /** A client that has asked to be let in. */
  async ask(path?: string, fields?: readonly string[]): Promise<WsClient> {
    return await WsClient.ask(this.stage, this.server, path, fields);
  }

  /** Lets time pass, and what follows happen. */
  async pass(ms: number): Promise<void> {
    await calm();
    this.clock.advance(ms);
    await calm();
  }
}

/** Milliseconds in which a busy system brings a few bytes from one end of a connection to the other. */
const DELIVERY = 4;

/** Lets happen what can happen by now. */
async function calm(): Promise<void> {
  const end = Date.now() + DELIVERY;
  do await settle(40);
  while (Date.now() < end);
}

/** The bodies that the origin of a bench has got. */
export function asked(bench: WebSocketBench): string[] {
  return bodiesOf(bench.origin);
}
