import type { EchoSpec, FanOutSpec, PollSpec, RelaySpec } from '../drivers/job.js';
import type { Trial } from '../trial.js';

/** Bytes of an item where nothing else is said. */
const ITEM_BYTES = 100;

/** A small response, 50 connections. */
export function relaySmall({ port }: Trial): RelaySpec {
  return { job: 'relay', port, path: '/small', connections: 50 };
}

/** What is special about a fan-out. */
export type FanOutChoice = Pick<FanOutSpec, 'kind' | 'inFlight'> & Partial<FanOutSpec>;

/** One channel with 1,000 connections, an item a request. */
export function fanOut({ port, publish }: Trial, choice: FanOutChoice): FanOutSpec {
  const usual = {
    connections: 1000,
    channels: 1,
    channelsEach: 1,
    itemsPerRequest: 1,
    itemBytes: ITEM_BYTES,
  };
  return { job: 'fan-out', port, publish, ...usual, ...choice };
}

export function echo({ port }: Trial): EchoSpec {
  return { job: 'echo', port, connections: 50 };
}

export function poll({ port, publish }: Trial): PollSpec {
  return { job: 'poll', port, publish, connections: 500 };
}
