import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { HubBench, type Listener } from './support/listener.js';

describe('order of items', () => {
  let clock: ManualClock;
  let bench: HubBench;
  let listener: Listener;
  beforeEach(() => {
    clock = new ManualClock();
    bench = new HubBench(clock);
    ({ listener } = bench.subscribe('ch'));
  });

  /** Items as `id<prevId`, what comes of them, and the channel's last id then. `WAIT` lets the wait pass. */
  const vectors: [name: string, published: string[], delivered: string[], lastId: string | undefined][] = [
    ['Q1 turns round what came in the wrong order', ['a', 'e<d', 'd<c', 'c<b', 'b<a'], [...'abcde'], 'e'],
    ['Q2 sends what waited in vain', ['a', 'c<b', 'WAIT'], ['a', 'c'], 'c'],
    ['Q3 takes an item without prev-id at once', ['a', 'x'], ['a', 'x'], 'x'],
    ['Q4 knows no order after an item without id', ['a', '', 'c<b'], ['a', '-', 'c'], 'c'],
    ['Q5 has room for one item behind another', ['a', 'c<b', 'd<b', 'b<a'], ['a', 'b', 'c'], 'c'],
    ['Q6 sends an item with a known id once', ['a', 'a'], ['a'], 'a'],
    ['sends what waited in vain as it came', ['a', 'd<c', 'c<b', 'WAIT'], ['a', 'd', 'c'], 'c'],
    ['sends what follows an item that waited in vain', ['a', 'c<b', 'd<c', 'WAIT'], ['a', 'c', 'd'], 'd'],
    ['takes an id that comes again in a ring', ['a', 'b<c', 'c<a'], ['a', 'c', 'b'], 'b'],
  ];
  for (const [name, published, delivered, lastId] of vectors) {
    it(name, () => {
      for (const one of published) {
        if (one === 'WAIT') clock.advance(6000);
        else bench.publish('ch', one);
      }
      assert.deepEqual(listener.got, delivered);
      assert.equal(bench.hub.lastId('ch'), lastId);
      assert.equal(bench.timers.size, 0);
    });
  }

  it('Q7 waits for nothing on a channel without subscribers, and remembers the last id there', () => {
    assert.equal(bench.publish('other', 'c<b').matched, 0);
    assert.equal(bench.hub.lastId('other'), 'c');
    assert.equal(bench.timers.size, 0);
  });

  it('Q8 sends an item with no-seq at once, and does not count it', () => {
    bench.publish('ch', 'a');
    bench.publish('ch', 'c<b', { 'no-seq': true });
    assert.deepEqual(listener.got, ['a', 'c']);
    assert.equal(bench.hub.lastId('ch'), 'a');
  });

  it('lets nothing overtake what waits when the last id has been forgotten meanwhile', () => {
    bench.publish('ch', 'a');
    bench.publish('ch', 'c<b');
    bench.hub.recover();
    for (const one of ['d<c', 'f<e']) assert.equal(bench.publish('ch', one).queued, 1);
    assert.deepEqual(listener.got, ['a']);
    clock.advance(5000);
    assert.deepEqual(listener.got, ['a', 'c', 'd', 'f']);
  });

  it('sends at once what others wait for, also when the last id has been forgotten meanwhile', () => {
    bench.publish('ch', 'a');
    bench.publish('ch', 'c<b');
    bench.hub.recover();
    bench.publish('ch', 'b<a');
    assert.deepEqual(listener.got, ['a', 'b', 'c']);
    assert.equal(bench.timers.size, 0);
  });

  it('waits as long as the option says, and not longer', () => {
    bench.publish('ch', 'a');
    bench.publish('ch', 'c<b');
    clock.advance(4999);
    assert.deepEqual(listener.got, ['a']);
    clock.advance(1);
    assert.deepEqual(listener.got, ['a', 'c']);
  });

  it('keeps the order of each channel by itself', () => {
    const other = bench.subscribe('other').listener;
    bench.publish('ch', '1');
    bench.publish('ch', '3<2');
    bench.publish('other', '2');
    bench.publish('other', '3<2');
    assert.deepEqual(listener.got, ['1']);
    assert.deepEqual(other.got, ['2', '3']);
  });

  it('lets 100 items of a channel wait, and drops more', () => {
    bench.publish('ch', '0');
    for (let i = 2; i <= 101; i++)
      assert.deepEqual(bench.publish('ch', `${i}<${i - 1}`).queued, 1, `item ${i}`);
    assert.deepEqual(bench.publish('ch', '102<101'), {
      matched: 1,
      delivered: 0,
      queued: 0,
      filtered: 0,
      dropped: 1,
    });
    assert.equal(bench.timers.size, 100);
    bench.publish('ch', '1<0');
    assert.equal(listener.got.length, 102);
    assert.equal(bench.timers.size, 0);
    assert.equal(bench.publish('ch', '102<101').delivered, 1, 'once more, now that there is room');
  });

  it('forgets what waits when the last subscriber leaves, and knows that later holds have missed it', () => {
    const { leave } = bench.subscribe('room');
    bench.publish('room', 'a');
    bench.publish('room', 'c<b');
    leave();
    assert.equal(bench.timers.size, 0);
    assert.notEqual(bench.hub.lastId('room'), 'a');
    const late = bench.subscribe('room').listener;
    clock.advance(10_000);
    assert.deepEqual(late.got, []);
  });

  it('sends items that come in any order in theirs, and none twice or never', () => {
    const permutation = fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, i) => i + 1),
        { minLength: count },
      ),
    );
    fc.assert(
      fc.property(permutation, fc.array(fc.nat(39)), (order, repeated) => {
        const own = new HubBench(new ManualClock());
        const subscriber = own.subscribe('ch').listener;
        own.publish('ch', '0');
        order.forEach((number, at) => {
          own.publish('ch', `${number}<${number - 1}`);
          if (repeated.includes(at)) own.publish('ch', `${number}<${number - 1}`);
        });
        const expected = Array.from({ length: order.length + 1 }, (_, i) => String(i));
        assert.deepEqual(subscriber.got, expected);
        assert.equal(own.timers.size, 0);
      }),
    );
  });

  it('loses nothing where items before it never come', () => {
    const subset = fc.shuffledSubarray(
      Array.from({ length: 30 }, (_, i) => i + 1),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(subset, (order) => {
        const ownClock = new ManualClock();
        const own = new HubBench(ownClock);
        const subscriber = own.subscribe('ch').listener;
        own.publish('ch', '0');
        for (const number of order) own.publish('ch', `${number}<${number - 1}`);
        ownClock.advance(5000);
        assert.deepEqual([...subscriber.got].sort(), ['0', ...order.map(String)].sort());
        assert.equal(own.timers.size, 0);
      }),
    );
  });
});
