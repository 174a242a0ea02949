import assert from 'node:assert/strict';
import { expandFormats, type Item, parseItem } from '@p-8/protocol';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { ChannelHistory, KeptItem } from '../src/hub/channel-history.js';
import { History, type HistoryLimits } from '../src/hub/history.js';

const LIMITS: HistoryLimits = {
  channels: ['a', 'b', 'room-*'],
  items: 100,
  bytes: 100_000,
  ttl: 60_000,
  maxChannels: 100,
  totalBytes: 1_000_000,
};

function item(channel: string, id: string, content = ''): Item {
  const parsed = parseItem({ channel, id, formats: expandFormats({ 'http-stream': content }) });
  assert(parsed.ok);
  return parsed.value;
}

/** The bytes that an item counts. */
function bytesOf(one: Item): number {
  return new KeptItem(new ChannelHistory(one.channel, 0), 1, one, 0).bytes;
}

/** What an item without content counts whose channel and id have a letter each. */
const ITEM = bytesOf(item('a', '1'));

/** The ids of what came after; undefined: there is a gap. */
function missed(history: History, id: string, ...channels: string[]): string[] | undefined {
  const place = history.find(id, channels);
  if (place === undefined || !channels.every((channel) => history.reaches(channel, place))) return undefined;
  return history.after(place, channels).map((kept) => kept.item.id ?? '');
}

describe('History', () => {
  let clock: ManualClock;
  function historyOf(limits: Partial<HistoryLimits> = {}): History {
    return new History({ ...LIMITS, ...limits }, clock);
  }

  beforeEach(() => {
    clock = new ManualClock();
  });

  it('has what came after an item', () => {
    const history = historyOf();
    for (const id of ['1', '2', '3']) history.keep(item('a', id));
    assert.deepEqual(missed(history, '1', 'a'), ['2', '3']);
    assert.deepEqual(missed(history, '3', 'a'), []);
    assert.equal(missed(history, '4', 'a'), undefined);
  });

  it('has one order for all channels', () => {
    const history = historyOf();
    for (const [channel, id] of [
      ['a', 'x1'],
      ['b', 'y1'],
      ['a', 'x2'],
      ['room-1', 'z1'],
      ['b', 'y2'],
    ] as const)
      history.keep(item(channel, id));
    assert.deepEqual(missed(history, 'x1', 'a', 'b'), ['y1', 'x2', 'y2']);
    assert.deepEqual(missed(history, 'y1', 'room-1', 'b', 'a'), ['x2', 'z1', 'y2']);
    // It is an id of a channel that was not asked for.
    assert.equal(missed(history, 'z1', 'a', 'b'), undefined);
  });

  it('keeps channels that are named, or begin as named', () => {
    const history = historyOf();
    const channels = ['a', 'b', 'room-', 'room-1'];
    assert(channels.every((channel) => history.covers(channel)));
    assert(['', 'aa', 'room', 'xroom-1', 'room-*'.slice(0, 4)].every((channel) => !history.covers(channel)));
    history.keep(item('c', '1'));
    assert.equal(history.stats().items, 0);
    assert(historyOf({ channels: ['*'] }).covers(''));
  });

  it('takes the oldest of those that have an id: what comes twice is not lost', () => {
    const history = historyOf();
    for (const [channel, id] of [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
      ['a', '1'],
    ] as const)
      history.keep(item(channel, id));
    assert.deepEqual(missed(history, '1', 'b', 'a'), ['1', '2', '1']);
    assert.deepEqual(missed(history, '1', 'a'), ['2', '1']);
  });

  it('drops the oldest items of a channel that has too many', () => {
    const history = historyOf({ items: 2 });
    for (const id of ['1', '2', '3']) history.keep(item('a', id));
    assert.equal(missed(history, '1', 'a'), undefined);
    assert.deepEqual(missed(history, '2', 'a'), ['3']);
  });

  it('drops the oldest items of a channel that has too many bytes', () => {
    const history = historyOf({ bytes: 2 * (ITEM + 10) });
    for (const id of ['1', '2', '3']) history.keep(item('a', id, 'x'.repeat(10)));
    assert.equal(missed(history, '1', 'a'), undefined);
    assert.deepEqual(missed(history, '2', 'a'), ['3']);
    history.keep(item('a', '4', 'x'.repeat(2000)));
    assert.equal(missed(history, '3', 'a'), undefined);
    assert.deepEqual(history.stats(), { channels: 1, items: 0, bytes: 0, gaps: 0 });
  });

  it('drops an item when its time is over', () => {
    const history = historyOf({ ttl: 1000 });
    history.keep(item('a', '1'));
    clock.advance(600);
    history.keep(item('a', '2'));
    clock.advance(399);
    assert.deepEqual(missed(history, '1', 'a'), ['2']);
    clock.advance(1);
    assert.equal(missed(history, '1', 'a'), undefined);
    assert.deepEqual(missed(history, '2', 'a'), []);
    clock.advance(600);
    assert.deepEqual(history.stats(), { channels: 0, items: 0, bytes: 0, gaps: 0 });
  });

  it('has no gap in a quiet channel whose items have expired before those that a client has', () => {
    const history = historyOf({ ttl: 1000 });
    history.keep(item('b', 'old'));
    clock.advance(900);
    history.keep(item('a', '1'));
    clock.advance(100);
    history.keep(item('b', 'new'));
    assert.deepEqual(missed(history, '1', 'a', 'b'), ['new']);
  });

  it('drops the channel that was not used the longest', () => {
    const history = historyOf({ maxChannels: 2 });
    history.keep(item('room-1', '1'));
    history.keep(item('room-2', '2'));
    assert.deepEqual(missed(history, '1', 'room-1'), []);
    history.keep(item('room-3', '3'));
    assert.deepEqual(missed(history, '1', 'room-1'), []);
    assert.equal(missed(history, '2', 'room-2'), undefined);
    // Whether a channel that is not known has had something in between, nobody can tell.
    assert.equal(history.reaches('room-4', 1), false);
    assert.equal(history.reaches('room-4', 2), true);
  });

  it('drops channels until all bytes have room, and then items', () => {
    const history = historyOf({ totalBytes: 3 * ITEM, bytes: 10 * ITEM });
    for (const [channel, id] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
      ['b', '4'],
    ] as const)
      history.keep(item(channel, id));
    assert.deepEqual(history.stats(), { channels: 1, items: 2, bytes: 2 * ITEM, gaps: 0 });
    for (const id of ['5', '6']) history.keep(item('b', id));
    assert.equal(missed(history, '3', 'b'), undefined);
    assert.deepEqual(missed(history, '4', 'b'), ['5', '6']);
  });

  it('keeps nothing without an id, nor what says only that there is something', () => {
    const history = historyOf();
    history.keep({ ...item('a', '1'), id: undefined });
    history.keep({ ...item('a', '2'), httpStream: { action: 'hint' } });
    assert.equal(history.stats().items, 0);
  });

  it('keeps bytes of its own', () => {
    const history = historyOf();
    const content = Buffer.from('before');
    history.keep({ ...item('a', '1'), httpStream: { action: 'send', content, contentFilters: undefined } });
    content.write('after!');
    const [kept] = history.after(0, ['a']);
    assert.equal(Buffer.from(kept?.published.streamChunk.content ?? []).toString(), 'before');
  });

  it('never passes over an item, nor keeps more than it may, whatever is published', () => {
    const publish = fc.record({
      channel: fc.constantFrom('a', 'b', 'room-1', 'room-2'),
      size: fc.nat(600),
      wait: fc.nat(300),
    });
    const limits = fc.record({
      items: fc.integer({ min: 1, max: 6 }),
      bytes: fc.integer({ min: 500, max: 4000 }),
      ttl: fc.integer({ min: 200, max: 4000 }),
      maxChannels: fc.integer({ min: 1, max: 4 }),
      totalBytes: fc.integer({ min: 500, max: 8000 }),
    });
    const asked = fc.uniqueArray<string, unknown>(fc.constantFrom('a', 'b', 'room-1', 'room-2'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(limits, fc.array(publish, { maxLength: 30 }), asked, (some, publishes, channels) => {
        const history = historyOf(some);
        const all: { channel: string; id: string; at: number; size: number }[] = [];
        for (const [index, { channel, size, wait }] of publishes.entries()) {
          clock.advance(wait);
          const one = item(channel, String(index), 'x'.repeat(size));
          all.push({ channel, id: String(index), at: clock.now(), size: bytesOf(one) });
          history.keep(one);
        }
        const stats = history.stats();
        assert(stats.channels <= some.maxChannels && stats.bytes <= some.totalBytes);
        for (const channel of new Set(all.map((one) => one.channel))) {
          const own = all.filter((one) => one.channel === channel);
          // What a channel may keep by its own bounds; by those of all it may have less.
          let newest = own.slice(-some.items).filter(({ at }) => clock.now() - at < some.ttl);
          while (newest.reduce((sum, { size }) => sum + size, 0) > some.bytes) newest = newest.slice(1);
          const kept = history.after(0, [channel]).map((one) => one.item.id);
          const ids = newest.map(({ id }) => id);
          const isTight = some.maxChannels < 4 || some.totalBytes < 4 * some.bytes;
          assert.deepEqual(kept, isTight ? ids.slice(ids.length - kept.length) : ids);
        }
        for (const { id } of all) {
          const ids = missed(history, id, ...channels);
          if (ids === undefined) continue;
          const after = all.slice(Number(id) + 1).filter(({ channel }) => channels.includes(channel));
          assert.deepEqual(
            ids,
            after.map((one) => one.id),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
