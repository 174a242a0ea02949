import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { StallWatch } from '../src/http/stall-watch.js';
import { Backlog, type Backlogged } from '../src/sessions/backlog.js';
import { Timers } from '../src/timers.js';

describe('Backlog', () => {
  const STALL = 60_000;
  let clock: ManualClock;
  let timers: Timers;
  let backlog: Backlog;
  let queues: Queue[];
  /** In the order in which it happened: `shed b`, `stalled a`. */
  let heard: string[];

  /** Something that waits; where it is shed, `kept` of it stays. */
  class Queue implements Backlogged {
    readonly name: string;
    waitingBytes = 0;
    progress = 0;
    kept = 0;

    constructor(name: string) {
      this.name = name;
      queues.push(this);
    }

    has(bytes: number): this {
      this.waitingBytes = bytes;
      backlog.update(this);
      return this;
    }

    shed(): void {
      heard.push(`shed ${this.name}`);
      this.has(this.kept);
      // What it keeps, it can only let go of as a whole.
      this.kept = 0;
    }

    stalled(): void {
      heard.push(`stalled ${this.name}`);
      this.waitingBytes = 0;
    }
  }

  function use(maxBytes: number, stallTimeout = STALL): void {
    clock = new ManualClock();
    const onError = (error: unknown): never => {
      throw error;
    };
    timers = new Timers(clock, onError);
    backlog = new Backlog(maxBytes, new StallWatch(stallTimeout, timers, onError));
    queues = [];
    heard = [];
  }

  function queue(name: string): Queue {
    return new Queue(name);
  }

  afterEach(() => {
    for (const one of queues) backlog.remove(one);
    assert.deepEqual([backlog.bytes, timers.size, clock.pending], [0, 0, 0]);
  });

  it('counts what waits for all, as it grows and shrinks', () => {
    use(1000);
    const [a, b] = [queue('a').has(100), queue('b').has(50)];
    assert.equal(backlog.bytes, 150);
    a.has(300);
    b.has(10);
    assert.equal(backlog.bytes, 310);
    a.has(0);
    assert.equal(backlog.bytes, 10);
    backlog.remove(b);
    backlog.remove(b);
    assert.equal(backlog.bytes, 0);
    assert.deepEqual(heard, []);
  });

  it('sheds nobody while the bound is kept', () => {
    use(100);
    queue('a').has(60);
    queue('b').has(40);
    assert.deepEqual(heard, []);
  });

  it('sheds the largest first, until three quarters are left', () => {
    use(1000);
    queue('small').has(100);
    queue('large').has(400);
    queue('medium').has(300);
    queue('another').has(150);
    assert.deepEqual(heard, []);
    queue('last').has(60);
    assert.deepEqual(heard, ['shed large']);
    assert.equal(backlog.bytes, 610);
    queue('more').has(500);
    assert.deepEqual(heard.slice(1), ['shed more']);
    queue('again').has(390);
    queue('one').has(1);
    assert.deepEqual(heard.slice(2), ['shed again']);
  });

  it('sheds the one that grows, where that has the most', () => {
    use(100);
    queue('a').has(20);
    queue('b').has(81);
    assert.deepEqual(heard, ['shed b']);
  });

  it('counts what one keeps that is shed, and comes back to it when that is too much', () => {
    use(1000);
    const [a, b, c] = [queue('a'), queue('b'), queue('c')];
    a.kept = 300;
    b.kept = 290;
    c.kept = 280;
    a.has(330);
    b.has(340);
    c.has(350);
    assert.deepEqual(heard, ['shed c', 'shed b', 'shed a', 'shed a']);
    assert.equal(backlog.bytes, 570);
  });

  it('sheds none of very many more than once', () => {
    use(10_000);
    for (let i = 0; i < 10_000; i++) queue(String(i)).has(1);
    assert.deepEqual(heard, []);
    for (let i = 0; i < 3000; i++) queue(`n${i}`).has(3);
    assert(heard.length > 800);
    assert.equal(new Set(heard).size, heard.length);
    assert(backlog.bytes <= 10_000);
  });

  for (const early of [0, 1, 7000, 14_999]) {
    it(`finds one that takes nothing after the time-out, and a quarter more at most: ${early} ms before a look`, () => {
      use(1000);
      const other = queue('other').has(1);
      clock.advance(15_000 - early);
      const a = queue('a').has(1);
      let waited = 0;
      while (!heard.includes('stalled a')) {
        other.progress++;
        clock.advance(100);
        waited += 100;
      }
      assert(waited >= STALL && waited <= STALL * 1.25 + 100, `${waited} ms`);
      assert.deepEqual(heard, ['stalled a']);
      assert.equal(backlog.bytes, other.waitingBytes);
      assert.equal(a.waitingBytes, 0);
    });
  }

  it('lets one be that takes something now and then, however little, and finds it when it stops', () => {
    use(1000);
    const a = queue('a').has(5);
    for (let i = 0; i < 20; i++) {
      clock.advance(STALL - 1);
      a.progress++;
    }
    assert.deepEqual(heard, []);
    clock.advance(STALL * 1.25);
    assert.deepEqual(heard, ['stalled a']);
  });

  it('does not take more that waits for progress', () => {
    use(1000);
    const a = queue('a');
    for (let i = 1; i <= 13; i++) {
      a.has(i);
      clock.advance(STALL / 10);
    }
    assert.deepEqual(heard, ['stalled a']);
  });

  it('sees at its next look what has gone without a word', () => {
    use(1000);
    queue('a').has(500).waitingBytes = 0;
    clock.advance(STALL / 4);
    assert.deepEqual([backlog.bytes, timers.size], [0, 0]);
  });

  it('begins anew with one that had taken all', () => {
    use(1000);
    const a = queue('a').has(1);
    clock.advance(STALL - 1);
    a.has(0);
    a.has(1);
    clock.advance(STALL - 1);
    assert.deepEqual(heard, []);
  });

  it('never looks where the time-out is 0', () => {
    use(1000, 0);
    queue('a').has(1);
    assert.equal(clock.pending, 0);
    clock.advance(1e9);
    assert.deepEqual(heard, []);
  });
});
