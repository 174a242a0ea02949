import { silentLogger } from '@p-8/core';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { StallWatch } from '../../src/http/stall-watch.js';
import { Limits } from '../../src/limits.js';
import { Timers } from '../../src/timers.js';
import { CallCounter } from '../../src/upstream/call-counter.js';
import type { UpstreamServices } from '../../src/upstream/connection-queue.js';

/** For upstreams without a proxy. */
export function upstreamServices(): UpstreamServices {
  const clock = new ManualClock();
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
  };
}
