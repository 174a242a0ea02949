import type http from 'node:http';
import type net from 'node:net';
import type { GripProxyOptions } from '@p-8/core';
import { eventually } from './eventually.js';
import type { Mounted } from './mounts.js';
import { Origin, type OriginHandler, RawOrigin } from './origin.js';
import { heldBy, ProxyServer } from './proxy-server.js';
import { RawClient } from './raw-client.js';

/**
 * What one test opens. When the test is over, its clients leave; then its proxies must hold nothing any more; then all is
 * closed.
 */
export class Stage {
  readonly #clients: RawClient[] = [];
  readonly #proxies: Mounted[] = [];
  readonly #closing: (() => unknown)[] = [];

  async origin(handler: OriginHandler, server?: http.Server): Promise<Origin> {
    const origin = await Origin.listen(handler, server);
    this.onClose(() => origin.close());
    return origin;
  }

  async rawOrigin(onConnection: (socket: net.Socket, count: number) => void): Promise<RawOrigin> {
    const origin = await RawOrigin.listen(onConnection);
    this.onClose(() => origin.close());
    return origin;
  }

  async proxy(
    options: GripProxyOptions,
    server?: http.Server,
    app?: http.RequestListener,
  ): Promise<ProxyServer> {
    return this.mounted(await ProxyServer.listen(options, server, app));
  }

  /** Looks after a proxy. */
  mounted<T extends Mounted>(proxy: T): T {
    this.#proxies.push(proxy);
    return proxy;
  }

  async client(to: { readonly port: number }): Promise<RawClient> {
    const client = await RawClient.connect(to.port);
    this.#clients.push(client);
    return client;
  }

  /** Calls `close` when the test is over, the last one first. */
  onClose(close: () => unknown): void {
    this.#closing.unshift(close);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    try {
      for (const proxy of this.#proxies) {
        const state = (): string => `a proxy that holds nothing: ${JSON.stringify(proxy.proxy.stats())}`;
        await eventually(() => heldBy(proxy.proxy) === 0, state);
      }
    } finally {
      for (const proxy of this.#proxies) await proxy.close();
      for (const close of this.#closing) await close();
    }
  }
}

/** Gives each test of the surrounding `describe` a stage of its own, by a function that returns it. */
export function useStage(): () => Stage {
  let stage = new Stage();
  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.close());
  return () => stage;
}
