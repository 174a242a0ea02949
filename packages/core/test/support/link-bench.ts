import type { GripProxy, GripProxyOptions } from '@p-8/core';
import { settle } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { Origin, OriginHandler } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import type { Stage } from '../../../../test/support/stage.js';

/** One client of a proxy with a clock that stands still, and an origin with links. */
export class LinkBench {
  readonly clock: ManualClock;
  readonly origin: Origin;
  readonly server: ProxyServer;
  readonly client: RawClient;

  private constructor(clock: ManualClock, origin: Origin, server: ProxyServer, client: RawClient) {
    this.clock = clock;
    this.origin = origin;
    this.server = server;
    this.client = client;
  }

  /** Asks for `path`. `handlers`: by path, without query; `target` in options stays as it is. */
  static async start(
    stage: Stage,
    path: string,
    handlers: Readonly<Record<string, OriginHandler>>,
    options: (url: string) => GripProxyOptions = (target) => ({ target }),
  ): Promise<LinkBench> {
    const clock = new ManualClock();
    const counts = new Map<string, number>();
    const origin = await stage.origin((res, seen) => {
      const [name = ''] = seen.url.split('?');
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      const handler = handlers[name];
      if (handler === undefined) res.writeHead(404).end('no such link');
      else handler(res, seen, count);
    });
    const server = await stage.proxy({ clock, ...options(origin.url) });
    const client = await stage.client(server);
    client.request(`GET ${path}`, [
      'Host: example.com:81',
      'Cookie: secret',
      'Authorization: secret',
      'X-Own: 1',
    ]);
    return new LinkBench(clock, origin, server, client);
  }

  get proxy(): GripProxy {
    return this.server.proxy;
  }

  /** Paths that the origin was asked for. */
  get asked(): string[] {
    return this.origin.requests.map(({ url }) => url);
  }

  /** Values of Grip-Last in a request. */
  lastIds(index: number): string[] {
    const raw = this.origin.requests[index]?.rawHeaders ?? [];
    return raw.filter((_, at) => at % 2 === 1 && /^grip-last$/i.test(raw[at - 1] ?? ''));
  }

  /** What the client has got so far, when all that can happen now has happened. */
  async body(): Promise<string> {
    await settle(40);
    return String((await this.client.head()).body);
  }

  /** Lets time pass, and what follows happen. */
  async pass(ms: number): Promise<void> {
    await settle(40);
    this.clock.advance(ms);
    await settle(40);
  }

  publish(content: string, id?: string, prevId?: string): Promise<{ delivered: number; queued: number }> {
    return this.proxy.publish('ch', { 'http-stream': content }, { id, 'prev-id': prevId });
  }
}
