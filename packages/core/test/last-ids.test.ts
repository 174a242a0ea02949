import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { IdCache } from '../src/hub/id-cache.js';
import { LastIds } from '../src/hub/last-ids.js';

describe('LastIds', () => {
  it('forgets the channel whose id was set longest ago when there are too many', () => {
    const ids = new LastIds(2);
    ids.set('a', '1');
    ids.set('b', '1');
    ids.set('a', '2');
    ids.set('c', '1');
    assert.deepEqual([ids.get('a'), ids.get('b'), ids.get('c')], ['2', undefined, '1']);
  });

  it('is not made younger by being looked up', () => {
    const ids = new LastIds(2);
    ids.set('a', '1');
    ids.set('b', '1');
    ids.get('a');
    ids.set('c', '1');
    assert.equal(ids.get('a'), undefined);
  });

  it('takes an item without id for one that makes the last id unknown', () => {
    const ids = new LastIds(2);
    ids.set('a', '1');
    ids.set('a', undefined);
    assert.equal(ids.get('a'), undefined);
    ids.set('b', '');
    assert.equal(ids.get('b'), '');
  });

  it('remembers nothing where nothing may be remembered', () => {
    const ids = new LastIds(0);
    ids.set('a', '1');
    assert.equal(ids.get('a'), undefined);
  });

  it('forgets one, or all', () => {
    const ids = new LastIds(10);
    for (const channel of ['a', 'b', 'c']) ids.set(channel, '1');
    ids.forget('a');
    ids.forget('nobody');
    assert.deepEqual([ids.get('a'), ids.get('b')], [undefined, '1']);
    ids.clear();
    assert.equal(ids.get('c'), undefined);
  });
});

describe('IdCache', () => {
  it('knows an id for the time given, counted from when it was first seen', () => {
    const clock = new ManualClock();
    const cache = new IdCache(1000, clock);
    assert.equal(cache.isDuplicate('a', '1'), false);
    clock.advance(600);
    assert.equal(cache.isDuplicate('a', '1'), true);
    clock.advance(399);
    assert.equal(cache.isDuplicate('a', '1'), true);
    clock.advance(1);
    assert.equal(cache.isDuplicate('a', '1'), false);
  });

  it('tells channels and ids apart, whatever characters they have', () => {
    const cache = new IdCache(1000, new ManualClock());
    const pairs = [
      ['a', 'b'],
      ['ab', ''],
      ['', 'ab'],
      ['a:b', 'c'],
      ['a', ':bc'],
      ['1:a', 'b'],
      ['a\0', 'b'],
      ['a', '\0b'],
    ] as const;
    for (const [channel, id] of pairs) assert.equal(cache.isDuplicate(channel, id), false);
    for (const [channel, id] of pairs) assert.equal(cache.isDuplicate(channel, id), true);
  });

  it('forgets an id that it is told to forget', () => {
    const cache = new IdCache(1000, new ManualClock());
    cache.isDuplicate('a', '1');
    cache.forget('a', '1');
    cache.forget('a', undefined);
    assert.equal(cache.isDuplicate('a', '1'), false);
  });

  it('takes no item without id for a duplicate', () => {
    const cache = new IdCache(1000, new ManualClock());
    assert.equal(cache.isDuplicate('a', undefined), false);
    assert.equal(cache.isDuplicate('a', undefined), false);
  });

  it('is off with a time of 0', () => {
    const cache = new IdCache(0, new ManualClock());
    cache.isDuplicate('a', '1');
    assert.equal(cache.isDuplicate('a', '1'), false);
  });

  it('survives a clock that is set back', () => {
    const clock = new ManualClock();
    const cache = new IdCache(1000, clock);
    cache.isDuplicate('a', '1');
    clock.advance(-10_000);
    assert.equal(cache.isDuplicate('a', '1'), true);
    cache.isDuplicate('a', '2');
    clock.advance(20_000);
    assert.equal(cache.isDuplicate('a', '1'), false);
    assert.equal(cache.isDuplicate('a', '2'), false);
  });
});
