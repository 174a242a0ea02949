import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Timer, type TimerOwner, Timers } from '../src/timers.js';

/** Notes which of its timers became due, and when. */
class Recorder implements TimerOwner {
  readonly due: string[] = [];
  readonly #clock: ManualClock;
  readonly #start: number;
  readonly #names = new Map<Timer, string>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  timer(name: string): Timer {
    const timer = new Timer(this);
    this.#names.set(timer, name);
    return timer;
  }

  onTimer(timer: Timer): void {
    this.due.push(`${this.#names.get(timer)}@${this.#clock.now() - this.#start}`);
  }
}

describe('Timers', () => {
  let clock: ManualClock;
  let timers: Timers;
  let recorder: Recorder;
  let errors: unknown[];
  beforeEach(() => {
    clock = new ManualClock();
    errors = [];
    timers = new Timers(clock, (error) => errors.push(error));
    recorder = new Recorder(clock);
  });

  it('fires those of one period in the order in which they were started', () => {
    for (const name of ['a', 'b', 'c']) {
      timers.start(recorder.timer(name), 100);
      clock.advance(10);
    }
    clock.advance(1000);
    assert.deepEqual(recorder.due, ['a@100', 'b@110', 'c@120']);
    assert.equal(timers.size, 0);
    assert.equal(clock.pending, 0);
  });

  it('fires those of several periods each at its time', () => {
    timers.start(recorder.timer('slow'), 300);
    timers.start(recorder.timer('quick'), 100);
    timers.start(recorder.timer('at once'), 0);
    clock.advance(300);
    assert.deepEqual(recorder.due, ['at once@0', 'quick@100', 'slow@300']);
  });

  it('needs one timer of the clock for all of one period', () => {
    for (let i = 0; i < 1000; i++) timers.start(recorder.timer(String(i)), 55_000);
    assert.equal(timers.size, 1000);
    assert.equal(clock.pending, 1);
  });

  it('counts a timer that is started again from then on, with the new period', () => {
    const timer = recorder.timer('a');
    timers.start(timer, 100);
    clock.advance(60);
    timers.start(timer, 100);
    clock.advance(60);
    assert.deepEqual(recorder.due, []);
    timers.start(timer, 10);
    clock.advance(200);
    assert.deepEqual(recorder.due, ['a@130']);
  });

  it('says nothing of a timer that was stopped, and stops one twice without harm', () => {
    const timer = recorder.timer('a');
    timers.start(timer, 100);
    assert.equal(timer.pending, true);
    timers.stop(timer);
    timers.stop(timer);
    assert.equal(timer.pending, false);
    assert.equal(timers.size, 0);
    clock.advance(1000);
    assert.deepEqual(recorder.due, []);
    assert.equal(clock.pending, 0);
  });

  it('lets a callback stop others that are due in the same moment', () => {
    const other = recorder.timer('other');
    const stopper = new Timer({ onTimer: () => timers.stop(other) });
    timers.start(stopper, 100);
    timers.start(other, 100);
    timers.start(recorder.timer('last'), 100);
    clock.advance(100);
    assert.deepEqual(recorder.due, ['last@100']);
  });

  it('lets a callback start its own timer again, even at once', () => {
    let count = 0;
    const timer: Timer = new Timer({
      onTimer: () => {
        if (++count < 5) timers.start(timer, 0);
      },
    });
    timers.start(timer, 0);
    clock.advance(10);
    assert.equal(count, 5);
    assert.equal(timers.size, 0);
  });

  it('lets a callback close them all', () => {
    const closer = new Timer({ onTimer: () => timers.close() });
    timers.start(closer, 100);
    timers.start(recorder.timer('a'), 100);
    timers.start(recorder.timer('b'), 200);
    clock.advance(1000);
    assert.deepEqual(recorder.due, []);
    assert.equal(timers.size, 0);
    assert.equal(clock.pending, 0);
  });

  it('fires the others of a period when one callback throws', () => {
    timers.start(new Timer({ onTimer: () => assert.fail('broken') }), 100);
    timers.start(recorder.timer('a'), 100);
    clock.advance(100);
    assert.deepEqual(recorder.due, ['a@100']);
    assert.match(String(errors), /broken/);
  });

  it('waits for a period that is longer than Node can wait in one go', () => {
    const days = 24 * 3600 * 1000;
    timers.start(recorder.timer('a'), 100 * days);
    let armed = 0;
    const { setTimeout } = clock;
    clock.setTimeout = (callback, ms) => {
      armed++;
      return setTimeout.call(clock, callback, ms);
    };
    clock.advance(100 * days - 1);
    assert.deepEqual(recorder.due, []);
    assert(armed < 10, `woke up ${armed} times`);
    clock.advance(1);
    assert.deepEqual(recorder.due, [`a@${100 * days}`]);
  });

  it('fires each timer exactly once at its time, however they are started, stopped and started again', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('start'), timer: fc.nat(5), ms: fc.constantFrom(0, 5, 10, 25) }),
      fc.record({ kind: fc.constant('stop'), timer: fc.nat(5), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('advance'), timer: fc.constant(0), ms: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ownClock = new ManualClock();
        const own = new Timers(ownClock, (error) => assert.fail(String(error)));
        const start = ownClock.now();
        const expected = new Map<number, number>();
        const fired: [number, number][] = [];
        const wanted: [number, number][] = [];
        const all = [0, 1, 2, 3, 4, 5].map(
          (index) => new Timer({ onTimer: () => fired.push([index, ownClock.now() - start]) }),
        );
        let now = 0;
        const pass = (ms: number): void => {
          now += ms;
          for (const [index, due] of expected) {
            if (due > now) continue;
            wanted.push([index, due]);
            expected.delete(index);
          }
          ownClock.advance(ms);
        };
        for (const { kind, timer, ms } of steps) {
          const subject = all[timer];
          assert(subject);
          if (kind === 'advance') pass(ms);
          else if (kind === 'stop') {
            own.stop(subject);
            expected.delete(timer);
          } else {
            own.start(subject, ms);
            expected.set(timer, now + ms);
          }
          assert.equal(own.size, expected.size);
        }
        pass(100);
        const order = (a: [number, number], b: [number, number]): number => a[1] - b[1] || a[0] - b[0];
        assert.deepEqual(fired.sort(order), wanted.sort(order));
        assert.equal(ownClock.pending, 0);
      }),
    );
  });
});
