import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy, type GripProxyOptions } from '@p-8/core';

/** A proxy behind a server of its own. */
export class ProxyServer {
  readonly proxy: GripProxy;
  readonly server: http.Server;

  private constructor(proxy: GripProxy, server: http.Server) {
    this.proxy = proxy;
    this.server = server;
  }

  /** @param app the origin, where the options name none */
  static async listen(
    options: GripProxyOptions,
    server = http.createServer(),
    app?: RequestListener,
  ): Promise<ProxyServer> {
    const proxy = new GripProxy(options);
    server.on('request', (req, res) => proxy.handle(req, res, app && (() => app(req, res))));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ProxyServer(proxy, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What the proxy holds, as one number. */
  get held(): number {
    return heldBy(this.proxy);
  }

  async close(): Promise<void> {
    await this.proxy.close();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

/** What a proxy holds, as one number. */
export function heldBy(proxy: GripProxy): number {
  const { sessions, channels, timers, upstreamRequests } = proxy.stats();
  return sessions + channels + timers + upstreamRequests;
}
