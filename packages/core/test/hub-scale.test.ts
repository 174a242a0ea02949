// Runs alone: it measures processor time.

import assert from 'node:assert/strict';
import { median } from '../../../bench/report/statistics.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { HubBench, Listener } from './support/listener.js';

/** How often each of two is measured, in turn: so what else the machine does hits both. */
const TURNS = 5;

/** Something that looks through all would cost thousands of times as much. */
const MAX_RATIO = 3;

/** A listener that keeps nothing. */
class Deaf extends Listener {
  override deliver(): 'delivered' {
    return 'delivered';
  }
}

function hubWith(channels: number, subscribersEach: number): { bench: HubBench; leave: (() => void)[] } {
  const bench = new HubBench(new ManualClock(), { onChannel: () => undefined });
  const leave: (() => void)[] = [];
  for (let i = 0; i < channels * subscribersEach; i++)
    leave.push(bench.subscribe(`channel-${i % channels}`, new Deaf()).leave);
  return { bench, leave };
}

/** What one costs in time on the processor, as a multiple of the other. Each is prepared anew for each turn. */
function ratioOf(one: () => () => void, other: () => () => void): number {
  const costs = [one, other].map((prepare) => ({ prepare, taken: [] as number[] }));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { prepare, taken } of costs) {
      const work = prepare();
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      taken.push(user + system);
    }
  }
  const [first = Number.NaN, second = Number.NaN] = costs.map(({ taken }) => median(taken));
  return first / second;
}

describe('a hub with very much in it', function () {
  this.timeout(60_000);

  it('publishes to one of 100,000 channels at the cost of one of ten', () => {
    const publishing = (channels: number) => {
      const { bench } = hubWith(channels, 1);
      return () => () => {
        for (let i = 0; i < 5000; i++) bench.publish(`channel-${(i % 10) * (channels / 10)}`, '');
      };
    };
    const ratio = ratioOf(publishing(100_000), publishing(10));
    assert(ratio < MAX_RATIO, `${ratio} times as much`);
  });

  it('lets the 100,000 subscribers of one channel leave at the cost of those of 10,000 channels', () => {
    const leaving = (channels: number, subscribersEach: number) => () => {
      const { leave } = hubWith(channels, subscribersEach);
      return () => {
        for (const one of leave) one();
      };
    };
    const ratio = ratioOf(leaving(1, 100_000), leaving(10_000, 10));
    assert(ratio < MAX_RATIO, `${ratio} times as much`);
  });

  it('forgets one of 100,000 ids of items at the cost of one of a hundred', () => {
    const ids = 20_000;
    const forgetting = (remembered: number) => {
      const clock = new ManualClock();
      const bench = new HubBench(clock, { idCacheTtl: remembered, lastIdsMax: remembered });
      let next = 0;
      const publish = (count: number) => {
        for (const end = next + count; next < end; next++) {
          clock.advance(1);
          bench.publish(`channel-${next}`, String(next));
        }
      };
      // Twice: from then on each makes an older one go.
      publish(2 * remembered);
      return () => () => publish(ids);
    };
    const ratio = ratioOf(forgetting(100_000), forgetting(100));
    assert(ratio < MAX_RATIO, `${ratio} times as much`);
  });
});
