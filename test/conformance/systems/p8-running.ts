import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { GripProxy } from '@p-8/core';
import type { Activity } from '../activity.js';
import type { OriginServer } from '../origin-server.js';
import type { SkippableClock } from './skippable-clock.js';
import type { Running } from './system.js';

/** Milliseconds until nothing may be left of clients that are gone. */
const SETTLING = 10_000;

/** What a mounted P-8 is made of. */
export interface P8Parts {
  readonly proxy: GripProxy;
  /** What clients connect to: the app with P-8 in it. */
  readonly listener: RequestListener;
  readonly clock: SkippableClock;
  readonly activity: Activity;
  /** Milliseconds for which sessions outlive their clients, who may come back. @default 0 */
  readonly lingering?: number;
  /** The origin where it is a server of its own. */
  readonly origin?: OriginServer;
  /** The origin's port, listening or not. */
  readonly originPort?: number;
}

/** P-8 in this process, mounted in some app, with a control port of its own. */
export class P8Running implements Running {
  readonly #parts: P8Parts;
  readonly #front: Server;
  readonly #control: Server;
  readonly #subscriptions = new Map<string, number>();

  private constructor(parts: P8Parts) {
    this.#parts = parts;
    this.#front = createServer(parts.listener);
    this.#control = createServer(parts.proxy.controlApi());
    parts.proxy.attach(this.#front);
    this.#countSubscriptions();
  }

  static async start(parts: P8Parts): Promise<P8Running> {
    const running = new P8Running(parts);
    for (const server of [running.#front, running.#control]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return running;
  }

  get port(): number {
    return portOf(this.#front);
  }

  get controlPort(): number {
    return portOf(this.#control);
  }

  get originPort(): number | undefined {
    return this.#parts.originPort;
  }

  get origin(): OriginServer | undefined {
    return this.#parts.origin;
  }

  subscriptions(channel: string): number {
    return this.#subscriptions.get(channel) ?? 0;
  }

  during(ms: number, wait: () => Promise<void>): Promise<void> {
    return this.#parts.clock.during(ms, wait);
  }

  async idle(): Promise<void> {
    const { proxy } = this.#parts;
    const deadline = Date.now() + SETTLING;
    await this.#parts.clock.during(this.#parts.lingering ?? 0, async () => {
      while (Object.values(proxy.stats()).some((count) => count !== 0)) {
        if (Date.now() > deadline) throw new Error(`something stays: ${JSON.stringify(proxy.stats())}`);
        await turn();
      }
    });
  }

  async close(): Promise<void> {
    await this.#parts.proxy.close();
    for (const server of [this.#front, this.#control]) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
    await this.#parts.origin?.close();
  }

  /** The proxy's own events tell of a channel's first subscriber only; scenarios wait for each. */
  #countSubscriptions(): void {
    const { activity, proxy } = this.#parts;
    const { hub } = proxy;
    const subscribe = hub.subscribe.bind(hub);
    hub.subscribe = (subscription) => {
      subscribe(subscription);
      const { channel } = subscription;
      this.#subscriptions.set(channel, this.subscriptions(channel) + 1);
      activity.changed();
    };
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
