import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Outcome } from '../src/hub/receipt.js';
import { HubBench, Listener } from './support/listener.js';

const NOBODY = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };

describe('Hub', () => {
  let clock: ManualClock;
  let bench: HubBench;
  beforeEach(() => {
    clock = new ManualClock();
    bench = new HubBench(clock);
  });

  it('gives an item to every subscriber of its channel, and to no other', () => {
    const [one, two] = [bench.subscribe('a').listener, bench.subscribe('a').listener];
    const other = bench.subscribe('b').listener;
    const receipt = bench.publish('a', '1');
    assert.deepEqual(receipt, { ...NOBODY, matched: 2, delivered: 2 });
    assert.deepEqual([one.got, two.got, other.got], [['1'], ['1'], []]);
  });

  it('adds up in receipts what became of an item at each session', () => {
    const outcomes: Outcome[] = ['delivered', 'queued', 'filtered', 'dropped', undefined, 'queued'];
    for (const outcome of outcomes) bench.subscribe('a').listener.outcome = outcome;
    assert.deepEqual(bench.publish('a', '1'), {
      matched: 5,
      delivered: 1,
      queued: 2,
      filtered: 1,
      dropped: 1,
    });
  });

  it('counts an item that waits for another as queued, at the sessions that take its kind', () => {
    bench.subscribe('a');
    bench.publish('a', '1');
    assert.deepEqual(bench.publish('a', '3<2'), { ...NOBODY, matched: 1, queued: 1 });
    const onlyResponse = { formats: { 'http-response': 'x' } };
    assert.deepEqual(bench.publish('a', '4<3', onlyResponse), NOBODY);
  });

  it('gives a receipt whose parts are its sum, whatever is published', () => {
    const outcome = fc.constantFrom<Outcome>('delivered', 'queued', 'filtered', 'dropped', undefined);
    const item = fc.constantFrom('1', '2<1', '3<2', '4<3', '9<8', 'x');
    fc.assert(
      fc.property(fc.array(outcome), fc.array(item), (outcomes, items) => {
        const own = new HubBench(new ManualClock());
        for (const one of outcomes) own.subscribe('ch').listener.outcome = one;
        for (const text of items) {
          const { matched, delivered, queued, filtered, dropped } = own.publish('ch', text);
          assert.equal(matched, delivered + queued + filtered + dropped);
          assert(matched <= outcomes.length);
        }
      }),
    );
  });

  it('takes the second item with the same channel and id for the first', () => {
    const { listener } = bench.subscribe('a');
    bench.publish('a', '1');
    assert.deepEqual(bench.publish('a', '1'), NOBODY);
    assert.deepEqual(bench.publish('b', '1'), NOBODY);
    clock.advance(60_000);
    assert.equal(bench.publish('a', '1').delivered, 1);
    assert.deepEqual(listener.got, ['1', '1']);
  });

  it('drops a duplicate whatever it is: with no-seq, without subscribers', () => {
    bench.publish('a', '1');
    const { listener } = bench.subscribe('a');
    bench.publish('a', '1', { 'no-seq': true });
    assert.deepEqual(listener.got, []);
  });

  it('delivers duplicates where their detection is off', () => {
    const own = new HubBench(clock, { idCacheTtl: 0 });
    const { listener } = own.subscribe('a');
    own.publish('a', '1');
    own.publish('a', '1');
    assert.deepEqual(listener.got, ['1', '1']);
  });

  it('remembers the last id of channels without subscribers', () => {
    bench.publish('a', '1');
    assert.equal(bench.hub.lastId('a'), '1');
    bench.publish('a', '');
    assert.equal(bench.hub.lastId('a'), undefined);
    bench.publish('a', '2');
    bench.publish('a', '3', { 'no-seq': true });
    assert.equal(bench.hub.lastId('a'), '2');
  });

  it('remembers last ids when the last subscriber has left', () => {
    const { leave } = bench.subscribe('a');
    bench.publish('a', '1');
    leave();
    assert.equal(bench.hub.lastId('a'), '1');
  });

  it('tells of a channel with its first subscriber, and when the last one leaves', () => {
    const one = bench.subscribe('a');
    const two = bench.subscribe('a');
    one.leave();
    assert.deepEqual(bench.events, ['subscribe a']);
    assert.equal(bench.hub.subscriberCount('a'), 1);
    two.leave();
    two.leave();
    assert.deepEqual(bench.events, ['subscribe a', 'unsubscribe a']);
    assert.equal(bench.hub.channelCount, 0);
  });

  it('lets sessions leave while an item goes out', () => {
    const first = bench.subscribe('a');
    const second = bench.subscribe('a');
    const third = bench.subscribe('a');
    first.listener.onItem = () => {
      first.leave();
      second.leave();
    };
    assert.equal(bench.publish('a', '1').delivered, 2);
    assert.deepEqual(third.listener.got, ['1']);
    assert.deepEqual(second.listener.got, []);
  });

  it('gives an item to the other sessions when one throws, and ends that one', () => {
    const broken = bench.subscribe('a').listener;
    const sound = bench.subscribe('a').listener;
    broken.onItem = () => assert.fail('broken');
    const receipt = bench.publish('a', '1');
    assert.deepEqual(receipt, { ...NOBODY, matched: 2, delivered: 1, dropped: 1 });
    assert.deepEqual(sound.got, ['1']);
    assert.equal(broken.ended, 'aborted');
    assert.match(String(bench.errors), /broken/);
  });

  it('lets every session ask its origin again on recover, and forgets last ids', () => {
    const session = new Listener();
    bench.hub.addSession(session);
    bench.publish('a', '1');
    bench.hub.recover();
    assert.equal(session.recoveries, 1);
    assert.equal(bench.hub.lastId('a'), undefined);
  });

  it('tells all who wait for its end, at once', async () => {
    const listener = new Listener();
    bench.hub.addSession(listener);
    // One of them is a proxy that drains, another one the same that is closed meanwhile.
    const waits = [bench.hub.emptied(3_600_000), bench.hub.emptied(3_600_000)];
    bench.hub.removeSession(listener);
    await Promise.all(waits);
    assert.equal(listener.ended, undefined);
  });

  it('closes every session', () => {
    const sessions = [new Listener(), new Listener()];
    for (const session of sessions) bench.hub.addSession(session);
    assert.equal(bench.hub.sessionCount, 2);
    bench.hub.close();
    assert.deepEqual(
      sessions.map(({ ended }) => ended),
      ['closed', 'closed'],
    );
  });
});
