import assert from 'node:assert/strict';
import { parseItem } from '@p-8/protocol';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { IdCache } from '../src/hub/id-cache.js';
import { LastIds } from '../src/hub/last-ids.js';
import { PublishedItem } from '../src/hub/published-item.js';
import { RecentItems } from '../src/hub/recent-items.js';
import { TableBudget } from '../src/hub/table-budget.js';
import { HubBench } from './support/listener.js';

const KB = 1000;

function publishedItem(channel: string, number: number): PublishedItem {
  const formats = { 'http-stream': { content: 'x' } };
  const item = parseItem({ channel, id: String(number), 'prev-id': String(number - 1), formats });
  assert(item.ok);
  return new PublishedItem(item.value);
}

describe('what is remembered of items', () => {
  it('forgets the oldest of the largest table when all together have too many bytes', () => {
    let full = 0;
    const budget = new TableBudget(100 * KB, () => full++);
    const lastIds = new LastIds(1_000_000, budget);
    const cache = new IdCache(1000, new ManualClock(), budget);
    lastIds.set('kept', '1');
    for (let i = 0; i < 2000; i++) cache.isDuplicate('a', String(i));
    assert(full > 0);
    assert(budget.bytes <= 100 * KB && budget.bytes > 95 * KB, String(budget.bytes));
    assert.equal(lastIds.get('kept'), '1');
    assert.equal(cache.isDuplicate('a', '1999'), true);
    assert.equal(cache.isDuplicate('a', '0'), false);
  });

  it('counts the length of names', () => {
    const budget = new TableBudget(100 * KB);
    const lastIds = new LastIds(1_000_000, budget);
    for (let i = 0; i < 200; i++) lastIds.set(`${i}`.padEnd(1000, 'x'), 'y'.repeat(1000));
    const known = Array.from({ length: 200 }, (_, i) => lastIds.get(`${i}`.padEnd(1000, 'x'))).filter(
      Boolean,
    );
    assert(known.length > 40 && known.length < 50, String(known.length));
  });

  it('counts nothing when it is empty again', () => {
    const budget = new TableBudget(100 * KB);
    const clock = new ManualClock();
    const lastIds = new LastIds(5, budget);
    const cache = new IdCache(1000, clock, budget);
    const recent = new RecentItems(clock, budget);
    for (let i = 0; i < 20; i++) {
      lastIds.set(`channel-${i % 7}`, 'x'.repeat(i));
      cache.isDuplicate('a', String(i));
      recent.open(`channel-${i % 7}`);
      recent.add(publishedItem(`channel-${i % 7}`, i));
    }
    assert(budget.bytes > 5 * KB);
    lastIds.clear();
    recent.clear();
    for (let i = 0; i < 20; i++) cache.forget('a', String(i));
    cache.forget('a', 'unknown');
    assert.equal(budget.bytes, 0);
  });

  it('is never more than it may be, whatever is published', () => {
    const publish = fc.record({
      channel: fc.constantFrom('a', 'b', 'c'.repeat(500)),
      text: fc.constantFrom('1', '2<1', '3<2', '4<3', '9<8', '8<7', `${'i'.repeat(600)}<1`),
      wait: fc.nat(3000),
    });
    fc.assert(
      fc.property(fc.array(publish), fc.integer({ min: 0, max: 8000 }), (publishes, maxBytes) => {
        const clock = new ManualClock();
        const tables = new TableBudget(maxBytes);
        const bench = new HubBench(clock, { tables });
        const { leave } = bench.subscribe('a');
        bench.hub.keepRecent('a');
        bench.subscribe('c'.repeat(500));
        for (const { channel, text, wait } of publishes) {
          clock.advance(wait);
          bench.publish(channel, text);
          assert(tables.bytes >= 0 && tables.bytes <= maxBytes, `${tables.bytes} of ${maxBytes}`);
        }
        clock.advance(10_000);
        leave();
        bench.hub.recover();
        clock.advance(60_000);
        bench.publish('b', 'last');
        bench.hub.recover();
        assert(tables.bytes <= 200, `${tables.bytes} are left`);
      }),
    );
  });

  it('lets no more items wait for an earlier one than there is room for, and says that they were dropped', () => {
    const clock = new ManualClock();
    let full = 0;
    const bench = new HubBench(clock, { tables: new TableBudget(20 * KB, () => full++) });
    const { listener } = bench.subscribe('a');
    bench.publish('a', '0');
    const receipts = Array.from({ length: 20 }, (_, i) => bench.publish('a', `${100 + i}<${50 + i}`));
    const queued = receipts.filter((receipt) => receipt.queued === 1).length;
    assert(queued > 2 && queued < 10, String(queued));
    assert.equal(receipts.filter((receipt) => receipt.dropped === 1).length, 20 - queued);
    assert.equal(full, 20 - queued);
    clock.advance(5000);
    assert.equal(listener.got.length, 1 + queued);
    // There is room again; and those that were dropped may be sent again.
    assert.equal(bench.publish('a', '119<69').queued, 1);
  });
});
