import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { StallWatch } from '../src/http/stall-watch.js';
import { Limits } from '../src/limits.js';
import { silentLogger } from '../src/logger.js';
import { Timers } from '../src/timers.js';
import { CallCounter } from '../src/upstream/call-counter.js';
import { Exchange } from '../src/upstream/exchange.js';

const STALL = 60_000;

describe('a request whose last part waits for its origin', () => {
  let clock: ManualClock;
  let timers: Timers;
  let socket: PassThrough;
  let heard: string[];
  let exchange: Exchange;

  beforeEach(() => {
    clock = new ManualClock();
    heard = [];
    const unexpected = (error: unknown): void => assert.fail(String(error));
    timers = new Timers(clock, unexpected);
    const stalls = new StallWatch(STALL, timers, unexpected);
    const limits = new Limits(silentLogger, clock, (limit) => heard.push(limit));
    const handler = {
      onHead: (status: number) => heard.push(`head ${status}`),
      onData: () => true,
      onEnd: () => heard.push('end'),
      onError: ({ kind }: { kind: string }) => heard.push(`error ${kind}`),
    };
    exchange = new Exchange(handler, new CallCounter(), (_exchange, error) => assert.fail(error), {
      stalls,
      limits,
    });
    // Takes no part in the wire: only what waits on its connection counts.
    exchange.dispatch(
      { dispatch: () => true } as never,
      { method: 'POST', path: '/', headers: [], body: Buffer.alloc(9) },
      0,
    );
    socket = new PassThrough();
    socket.cork();
    exchange.connection = { socket, onResponseEnd: () => {} } as never;
    exchange.onConnect(() => heard.push('cut'));
    socket.write('the body');
    exchange.onRequestSent();
  });

  afterEach(() => {
    exchange.abort();
    assert.deepEqual([timers.size, clock.pending], [0, 0]);
  });

  it('fails when that does not move for the time that it may, and its connection is cut', () => {
    clock.advance(STALL * 1.25);
    assert.deepEqual(heard, ['stalledUpload', 'error timeout', 'cut']);
  });

  it('may take its time once all has been taken', () => {
    clock.advance(STALL * 0.75);
    socket.uncork();
    socket.read();
    clock.advance(STALL * 100);
    assert.deepEqual(heard, []);
  });

  it('may take its time once the origin answers', () => {
    exchange.onHeaders(200, [], () => {}, 'OK');
    clock.advance(STALL * 100);
    exchange.onComplete([]);
    assert.deepEqual(heard, ['head 200', 'end']);
  });
});
