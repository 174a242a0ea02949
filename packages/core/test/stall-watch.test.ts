import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { type Stallable, StallWatch } from '../src/http/stall-watch.js';
import { Timers } from '../src/timers.js';

describe('StallWatch', () => {
  const TIMEOUT = 60_000;
  let clock: ManualClock;
  let timers: Timers;
  let watch: StallWatch;
  let stalled: string[];
  let errors: unknown[];

  class Connection implements Stallable {
    readonly #name: string;
    waits = true;
    progress = 0;

    constructor(name: string) {
      this.#name = name;
    }

    stillWaits(): boolean {
      return this.waits;
    }

    stalled(): void {
      stalled.push(this.#name);
      if (this.#name === 'throws') throw new Error('thrown');
    }
  }

  function use(timeout = TIMEOUT): void {
    clock = new ManualClock();
    errors = [];
    stalled = [];
    const onError = (error: unknown): unknown => errors.push(error);
    timers = new Timers(clock, onError);
    watch = new StallWatch(timeout, timers, onError);
  }

  function added(name: string): Connection {
    const one = new Connection(name);
    watch.add(one);
    return one;
  }

  beforeEach(() => use());

  it('tells one that does not move, once, and keeps no timer', () => {
    added('a');
    clock.advance(TIMEOUT * 1.25);
    assert.deepEqual(stalled, ['a']);
    assert.deepEqual([timers.size, clock.pending], [0, 0]);
    clock.advance(TIMEOUT * 10);
    assert.deepEqual(stalled, ['a']);
  });

  it('lets one be for which nothing waits, however long, and counts from the moment that something does', () => {
    const a = added('a');
    a.waits = false;
    clock.advance(TIMEOUT * 10 + 1);
    a.waits = true;
    clock.advance(TIMEOUT - 1);
    assert.deepEqual(stalled, []);
    clock.advance(TIMEOUT * 0.25 + 1);
    assert.deepEqual(stalled, ['a']);
  });

  it('counts anew after each move', () => {
    const a = added('a');
    for (let i = 0; i < 10; i++) {
      clock.advance(TIMEOUT - 1);
      a.progress++;
    }
    assert.deepEqual(stalled, []);
  });

  it('knows one that is added again already', () => {
    const a = added('a');
    for (let i = 0; i < 10; i++) {
      clock.advance(TIMEOUT / 8);
      watch.add(a);
    }
    assert.deepEqual(stalled, ['a']);
  });

  it('forgets one that is removed, and stops its timer with the last', () => {
    const [a, b] = [added('a'), added('b')];
    watch.remove(a);
    assert.equal(timers.size, 1);
    watch.remove(b);
    watch.remove(b);
    assert.deepEqual([timers.size, clock.pending], [0, 0]);
  });

  it('goes on with the others where one throws', () => {
    added('throws');
    added('b');
    clock.advance(TIMEOUT * 1.25);
    added('c');
    clock.advance(TIMEOUT * 1.25);
    assert.deepEqual(stalled, ['throws', 'b', 'c']);
    assert.equal(errors.length, 1);
  });

  it('never looks where the time-out is 0', () => {
    use(0);
    added('a');
    assert.equal(clock.pending, 0);
  });
});
