import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { readHistory } from '../src/history-settings.js';
import { History } from '../src/hub/history.js';
import { HubBench } from './support/listener.js';

describe('Hub with history', () => {
  let clock: ManualClock;
  let history: History;
  let bench: HubBench;
  beforeEach(() => {
    clock = new ManualClock();
    history = new History(readHistory({ channels: ['a'] }), clock);
    bench = new HubBench(clock, { history });
  });

  function kept(): string[] {
    return history.after(0, ['a']).map(({ item }) => item.id ?? '');
  }

  it('keeps what is published, with and without subscribers, in the order of the subscribers', () => {
    bench.publish('a', '1');
    const { listener } = bench.subscribe('a');
    bench.publish('a', '3<2');
    assert.deepEqual(kept(), ['1']);
    bench.publish('a', '2<1');
    assert.deepEqual(kept(), ['1', '2', '3']);
    assert.deepEqual(listener.got, ['2', '3']);
  });

  it('keeps an item once that comes twice', () => {
    bench.publish('a', '1');
    bench.publish('a', '1');
    assert.deepEqual(kept(), ['1']);
  });

  it('keeps the order also where nobody is subscribed', () => {
    bench.publish('a', '1');
    bench.publish('a', '3<2');
    bench.publish('a', '2<1');
    bench.publish('a', '5<4');
    assert.deepEqual(kept(), ['1', '2', '3']);
    clock.advance(5000);
    assert.deepEqual(kept(), ['1', '2', '3', '5']);
  });

  it('keeps what still waits for another when the last subscriber leaves', () => {
    const { leave } = bench.subscribe('a');
    bench.publish('a', '1');
    bench.publish('a', '3<2');
    leave();
    bench.publish('a', '2<1');
    assert.deepEqual(kept(), ['1', '2', '3']);
    assert.equal(bench.timers.size, 0);
  });

  it('leaves other channels as they are', () => {
    bench.publish('b', '1');
    bench.publish('b', '3<2');
    assert.equal(bench.timers.size, 0);
    assert.deepEqual(history.stats(), { channels: 0, items: 0, bytes: 0, gaps: 0 });
  });
});
