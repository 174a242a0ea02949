import assert from 'node:assert/strict';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { FilterLimiter, type LimitedRequest } from '../src/sessions/filter-limiter.js';

describe('FilterLimiter', () => {
  let clock: ManualClock;
  let limiter: FilterLimiter;
  let sent: string[];
  let errors: unknown[];
  beforeEach(() => {
    clock = new ManualClock();
    errors = [];
    limiter = new FilterLimiter(clock, (error) => errors.push(error));
    sent = [];
  });

  function request(uri: string, name = uri): LimitedRequest {
    return { uri, send: () => sent.push(name) };
  }

  it('sends the first requests at once, and then 100 a second', () => {
    for (let i = 0; i < 500; i++) limiter.add(request('a', String(i)));
    assert.equal(sent.length, 5);
    clock.advance(49);
    assert.equal(sent.length, 5);
    clock.advance(1);
    assert.equal(sent.length, 10);
    clock.advance(1950);
    assert.equal(sent.length, 205);
    clock.advance(4000);
    assert.deepEqual(
      sent,
      Array.from({ length: 500 }, (_, i) => String(i)),
    );
    clock.advance(50);
    assert.equal(clock.pending, 0);
  });

  it('takes URIs in turns', () => {
    for (let i = 0; i < 20; i++) limiter.add(request('many'));
    for (const uri of ['one', 'two']) limiter.add(request(uri));
    sent = [];
    clock.advance(50);
    assert.deepEqual(sent, ['many', 'one', 'two', 'many', 'many']);
  });

  it('forgets a request that nobody wants any more', () => {
    const all = Array.from({ length: 8 }, (_, i) => request('a', String(i)));
    for (const one of all) limiter.add(one);
    for (const one of all.slice(4, 7)) limiter.remove(one);
    clock.advance(50);
    assert.deepEqual(sent, ['0', '1', '2', '3', '4', '7']);
  });

  it('takes no more than can be sent in 100 seconds', () => {
    for (let i = 0; i < 10_005; i++) assert.equal(limiter.add(request('a')), true);
    assert.equal(limiter.add(request('b')), false);
    clock.advance(50);
    assert.equal(limiter.add(request('b')), true);
  });

  it('is not disturbed by a request that throws', () => {
    const send = (): void => {
      throw new Error('sending');
    };
    limiter.add({ uri: 'a', send });
    limiter.add(request('a'));
    assert.deepEqual([sent, errors.length], [['a'], 1]);
  });

  it('sends nothing after it has been closed', () => {
    for (let i = 0; i < 10; i++) limiter.add(request('a'));
    limiter.close();
    clock.advance(1000);
    assert.deepEqual([sent.length, clock.pending], [5, 0]);
  });
});
