import assert from 'node:assert/strict';
import { type Item, parseItem } from '@p-8/protocol';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { PublishedItem } from '../src/hub/published-item.js';
import { RecentItems } from '../src/hub/recent-items.js';

describe('the recent items of a channel', () => {
  let clock: ManualClock;
  let recent: RecentItems;
  beforeEach(() => {
    clock = new ManualClock();
    recent = new RecentItems(clock);
  });

  /** Ids of what is known after an item. */
  const after = (id: string, channel = 'ch'): (string | undefined)[] | undefined =>
    recent.after(channel, id)?.map(({ item }) => item.id);

  function add(id: string | undefined, prevId: string | undefined, more: Partial<ItemFields> = {}): void {
    recent.add(new PublishedItem(itemOf({ id, 'prev-id': prevId, ...more })));
  }

  /** Items with the ids from one number to another, each after the one before. */
  function addAll(first: number, last: number, more: Partial<ItemFields> = {}): void {
    for (let id = first; id <= last; id++) add(String(id), String(id - 1), more);
  }

  it('are kept only where somebody has asked for it', () => {
    addAll(1, 3);
    assert.equal(after('1'), undefined);
    recent.open('ch');
    addAll(4, 6);
    assert.deepEqual(after('4'), ['5', '6']);
    assert.deepEqual(after('3'), ['4', '5', '6']);
    assert.equal(after('1'), undefined);
    assert.equal(after('6'), undefined, 'nothing came after the last one');
    assert.equal(after('4', 'other'), undefined);
  });

  const breaks: [what: string, id: string | undefined, prevId: string | undefined][] = [
    ['no id', undefined, '3'],
    ['no id of the one before', '4', undefined],
    ['the id of another one before', '5', '4'],
  ];
  for (const [what, id, prevId] of breaks) {
    it(`are followed by none that has ${what}`, () => {
      recent.open('ch');
      addAll(1, 3);
      add(id, prevId);
      assert.equal(after('1'), undefined);
      add('10', '9');
      add('11', '10');
      assert.deepEqual(after('9'), ['10', '11']);
    });
  }

  it('leave out one that is outside of the order', () => {
    recent.open('ch');
    addAll(1, 3);
    add('x', 'y', { 'no-seq': true });
    addAll(4, 4);
    assert.deepEqual(after('1'), ['2', '3', '4']);
  });

  it('are 100 at most', () => {
    recent.open('ch');
    addAll(1, 250);
    assert.equal(after('149'), undefined);
    assert.equal(after('150')?.length, 100);
  });

  it('are 128 KiB at most, whatever formats they have', () => {
    recent.open('ch');
    const third = 'x'.repeat(44_000);
    add('1', '0', { formats: { 'http-stream': { content: third } } });
    add('2', '1', { formats: { 'http-response': { body: third } } });
    add('3', '2', { formats: { 'ws-message': { content: third } } });
    assert.equal(after('0'), undefined);
    assert.deepEqual(after('1'), ['2', '3']);
    add('4', '3', { formats: { 'http-stream': { content: 'x'.repeat(200_000) } } });
    assert.equal(after('3'), undefined, 'one that is too large is not kept at all');
  });

  it('are 16 MiB at most in all channels together: those go that nobody has used for the longest time', () => {
    const formats = { 'http-stream': { content: 'x'.repeat(100_000) } };
    for (let i = 0; i < 200; i++) {
      recent.open(`ch${i}`);
      recent.add(new PublishedItem(itemOf({ channel: `ch${i}`, id: '1', 'prev-id': '0', formats })));
    }
    assert.equal(after('0', 'ch0'), undefined);
    assert.deepEqual(after('0', 'ch199'), ['1']);
    const kept = Array.from({ length: 200 }, (_, i) => i).filter((i) => recent.keeps(`ch${i}`));
    assert.equal(kept.length, Math.floor(16_777_216 / 100_500));
  });

  it('are let go a minute after the last use of their channel', () => {
    recent.open('ch');
    addAll(1, 2);
    clock.advance(59_999);
    recent.open('other');
    assert.deepEqual(after('1'), ['2']);
    clock.advance(1);
    recent.open('other');
    assert.equal(after('1'), undefined);
    assert.equal(recent.keeps('ch'), false);
    assert.equal(recent.keeps('other'), true);
    assert.equal(clock.pending, 0);
  });

  it('are let go all together', () => {
    recent.open('ch');
    addAll(1, 2);
    recent.clear();
    assert.equal(after('1'), undefined);
  });

  it('are what a list of all items has, whatever is published', () => {
    const id = fc.option(fc.integer({ min: 0, max: 5 }).map(String), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id), { maxLength: 30 }), (published) => {
        recent = new RecentItems(clock);
        recent.open('ch');
        let chain: (readonly [string, string])[] = [];
        for (const [own, prevId] of published) {
          add(own, prevId);
          const last = chain.at(-1);
          if (own === undefined || prevId === undefined) chain = [];
          else chain = [...(last === undefined || last[0] === prevId ? chain : []), [own, prevId]];
          for (let from = 0; from <= 5; from++) {
            const start = chain.findIndex(([, prev]) => prev === String(from));
            const expected = start === -1 ? undefined : chain.slice(start).map(([one]) => one);
            assert.deepEqual(after(String(from)), expected);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

interface ItemFields {
  readonly channel: string;
  readonly formats: unknown;
  readonly id: string | undefined;
  readonly 'prev-id': string | undefined;
  readonly 'no-seq': boolean;
}

function itemOf(fields: Partial<ItemFields>): Item {
  const item = parseItem({ channel: 'ch', formats: { 'http-stream': { content: 'x' } }, ...fields });
  assert(item.ok);
  return item.value;
}
