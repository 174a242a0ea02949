import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { type Updatable, UpdateLimiter } from '../src/sessions/update-limiter.js';

describe('UpdateLimiter', () => {
  let clock: ManualClock;
  let limiter: UpdateLimiter;
  let updated: number[];
  let errors: unknown[];
  beforeEach(() => {
    clock = new ManualClock();
    errors = [];
    limiter = new UpdateLimiter(clock, (error) => errors.push(error));
    updated = [];
  });

  function session(index: number): Updatable {
    return { runUpdate: () => updated.push(index) };
  }

  it('lets 100 sessions go every 100 ms, the first ones after 100 ms, in their order', () => {
    for (let i = 0; i < 250; i++) limiter.add(session(i));
    clock.advance(99);
    assert.equal(updated.length, 0);
    clock.advance(1);
    assert.equal(updated.length, 100);
    clock.advance(100);
    assert.equal(updated.length, 200);
    clock.advance(100);
    assert.deepEqual(
      updated,
      Array.from({ length: 250 }, (_, i) => i),
    );
    assert.equal(clock.pending, 0);
  });

  it('counts a session that is added twice once', () => {
    const one = session(1);
    limiter.add(one);
    limiter.add(one);
    clock.advance(1000);
    assert.deepEqual(updated, [1]);
  });

  it('forgets a session that is removed, and its timer with the last one', () => {
    const [one, two] = [session(1), session(2)];
    limiter.add(one);
    limiter.add(two);
    limiter.remove(one);
    limiter.remove(two);
    assert.equal(clock.pending, 0);
    clock.advance(1000);
    assert.deepEqual(updated, []);
    limiter.add(two);
    clock.advance(100);
    assert.deepEqual(updated, [2]);
  });

  it('lets a session remove others in its turn, and add itself again for a later one', () => {
    const third = session(3);
    const again: Updatable = {
      runUpdate: () => {
        updated.push(1);
        limiter.remove(third);
        if (updated.length < 3) limiter.add(again);
      },
    };
    limiter.add(again);
    limiter.add(third);
    clock.advance(1000);
    assert.deepEqual(updated, [1, 1, 1]);
    assert.equal(clock.pending, 0);
  });

  it('updates the others when one session throws', () => {
    limiter.add({ runUpdate: () => assert.fail('broken') });
    limiter.add(session(2));
    clock.advance(100);
    assert.deepEqual(updated, [2]);
    assert.match(String(errors), /broken/);
  });

  it('says nothing any more once it is closed', () => {
    limiter.add(session(1));
    limiter.close();
    limiter.close();
    clock.advance(1000);
    assert.deepEqual(updated, []);
    assert.equal(clock.pending, 0);
  });
});
