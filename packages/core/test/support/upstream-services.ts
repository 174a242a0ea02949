import { silentLogger } from '@p-8/core';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { StallWatch } from '../../src/http/stall-watch.js';
import { Limits } from '../../src/limits.js';
import { Timers } from '../../src/timers.js';
import { CallCounter } from '../../src/upstream/call-counter.js';
import { Exchange } from '../../src/upstream/exchange.js';
import type { OriginPool } from '../../src/upstream/origin-pool.js';
import type { RemoteOptions } from '../../src/upstream/remote.js';
import type { UpstreamHandler, UpstreamRequest } from '../../src/upstream/upstream.js';
import type { UpstreamServices } from '../../src/upstream/upstream-services.js';

/** For upstreams without a proxy. */
export function upstreamServices(
  given: Partial<UpstreamServices> = {},
  clock: ManualClock = new ManualClock(),
): UpstreamServices {
  const timers = new Timers(clock, () => {});
  return {
    onError: () => {},
    calls: new CallCounter(),
    timers,
    clock,
    limits: new Limits(silentLogger, clock, () => {}),
    stalls: new StallWatch(0, timers, () => {}),
    connectionsPerOrigin: 1000,
    queuedPerOrigin: 1000,
    connectTimeout: 1000,
    connectionMaxAge: 0,
    ...given,
  };
}

/** A remote origin without anything special, but for its URL. */
export const REMOTE: Omit<RemoteOptions, 'url'> = {
  insecure: false,
  servername: undefined,
  untrusted: false,
  clientCert: undefined,
  clientKey: undefined,
  connectTimeout: 1000,
  responseTimeout: 0,
};

/** A handler that gathers the body; the promise rejects with what went wrong. */
export function gather(send: (handler: UpstreamHandler) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    send({
      onHead() {},
      onData(chunk) {
        text += chunk.toString('latin1');
        return true;
      },
      onEnd: () => resolve(text),
      onError: ({ kind, detail }) => reject(new Error(`${kind}: ${detail}`)),
    });
  });
}

/** The body of the answer to a request by a pool. */
export function askPool(pool: OriginPool, request: Partial<UpstreamRequest> = {}): Promise<string> {
  return gather((handler) => {
    const whole = { method: 'GET', path: '/', headers: ['Host', 'h'], body: null, ...request };
    pool.send(new Exchange(whole, handler, upstreamServices()));
  });
}
