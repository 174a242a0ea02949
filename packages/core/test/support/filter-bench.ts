import type { FormatsInput, GripProxy, GripProxyOptions, ItemOptions, Receipt } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import {
  type HoldOptions,
  hold,
  type Origin,
  type OriginHandler,
  type SeenRequest,
} from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import type { Stage } from '../../../../test/support/stage.js';

/** How a bench differs from the usual. */
export interface FilterBenchOptions
  extends Pick<GripProxyOptions, 'debug' | 'sessionQueueBytes' | 'linkHosts'> {
  readonly meta?: string;
  /** Fields of the instruct besides. */
  readonly fields?: readonly string[];
  readonly body?: HoldOptions['body'];
  readonly link?: OriginHandler;
}

/**
 * One client that is held, whose origin is asked by filters: `filter` answers requests by POST, `link` others that are not
 * the first. The clock stands still.
 */
export class FilterBench {
  readonly clock: ManualClock;
  readonly origin: Origin;
  readonly server: ProxyServer;
  readonly client: RawClient;
  /** What filters have been asked. */
  readonly asked: SeenRequest[];

  private constructor(
    clock: ManualClock,
    origin: Origin,
    server: ProxyServer,
    client: RawClient,
    asked: SeenRequest[],
  ) {
    this.clock = clock;
    this.origin = origin;
    this.server = server;
    this.client = client;
    this.asked = asked;
  }

  static async start(
    stage: Stage,
    mode: 'stream' | 'response',
    channels: string | readonly string[],
    filter: OriginHandler,
    options: FilterBenchOptions = {},
  ): Promise<FilterBench> {
    const { meta = 'url=/filter', fields = [], body = '', link, ...more } = options;
    const clock = new ManualClock();
    const asked: SeenRequest[] = [];
    const origin = await stage.origin((res, seen, count) => {
      if (seen.method === 'POST') {
        // The filter has read what it is asked.
        res.req.on('end', () => filter(res, seen, asked.push(seen) - 1));
      } else if (count > 0 && link !== undefined) {
        link(res, seen, count);
      } else {
        hold(res, mode, channels, { fields: [`Grip-Set-Meta: ${meta}`, ...fields], body });
      }
    });
    const server = await stage.proxy({ clock, target: origin.url, ...more });
    const client = await stage.client(server);
    client.request('GET /held/here?x=1', ['Host: example.com']);
    await eventually(() => server.proxy.holds().length === 1, 'a hold');
    return new FilterBench(clock, origin, server, client, asked);
  }

  get proxy(): GripProxy {
    return this.server.proxy;
  }

  /** Waits for a question; `index` counts from 0. */
  async question(index = 0): Promise<SeenRequest> {
    let found: SeenRequest | undefined;
    await eventually(
      () => {
        found = this.asked[index];
        return found !== undefined;
      },
      () => `question ${index} among ${this.asked.length}`,
    );
    return found as SeenRequest;
  }

  publish(content: string | object, options: ItemOptions = {}, channel = 'ch'): Promise<Receipt> {
    const formats: FormatsInput =
      typeof content === 'string'
        ? { 'http-stream': content, 'http-response': content }
        : { 'http-stream': content, 'http-response': content };
    return this.proxy.publish(channel, formats, options);
  }
}
