// Runs alone: it measures time.

import assert from 'node:assert/strict';
import { hold, newsApp, webSocket } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

describe('t.clock', () => {
  const test = useGripTests();

  const keepAlive = { 'Grip-Keep-Alive': 'alive\\n; format=cstring; timeout=20' };
  const alive = newsApp({ '/stream': (_req, res) => hold(res, 'stream', 'open\n', keepAlive) });

  it('stands still until the test lets time pass', async () => {
    const t = await test(alive);
    const stream = await t.stream('/stream');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(t.clock.elapsed, 0);
    assert.deepEqual(stream.received, ['open\n']);
    assert.equal(t.clock.pending, 1);
  });

  it('passes ten minutes of keep-alives in no time', async () => {
    const t = await test(alive);
    const stream = await t.stream('/stream');
    const start = performance.now();
    await t.clock.advance('10m');
    const took = performance.now() - start;
    assert.equal(stream.received.length, 31);
    assert(took < 500, `it took ${took} ms`);
    assert.equal(t.clock.elapsed, 600_000);
  });

  it('takes durations in many forms, and nothing else', async () => {
    const t = await test(newsApp());
    for (const [duration, ms] of [
      [500, 500],
      ['500ms', 500],
      ['55s', 55_000],
      ['10m', 600_000],
      ['1m30s', 90_000],
      ['1.5s', 1500],
      ['2h', 7_200_000],
      ['1d', 86_400_000],
      [0, 0],
    ] as const) {
      const before = t.clock.elapsed;
      await t.clock.advance(duration);
      assert.equal(t.clock.elapsed - before, ms, String(duration));
    }
    for (const nonsense of [
      '',
      '5',
      's',
      '5 s',
      '-5s',
      '5s!',
      '1..5s',
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '5S',
    ])
      assert.throws(() => t.clock.advance(nonsense), {
        name: 'TypeError',
        message: `'${nonsense}' is no duration: use milliseconds, or text such as '500ms', '55s', '10m', '1m30s'`,
      });
  });

  it('need not be awaited', async () => {
    const t = await test(alive);
    const stream = await t.stream('/stream');
    assert.equal(await stream.next(), 'open\n');
    t.clock.advance('20s');
    assert.equal(await stream.next(), 'alive\n');
    t.clock.advance('10s');
    t.clock.advance('10s');
    assert.equal(await stream.next(), 'alive\n');
  });

  it('passes after what has been asked just before', async () => {
    const t = await test(
      newsApp({ '/poll': (_req, res) => hold(res, 'response', 'none\n', { 'Grip-Timeout': '55' }) }),
    );
    const poll = t.longPoll('/poll');
    t.clock.advance('55s');
    assert.equal((await poll.next()).body, 'none\n');
    assert.equal(t.clock.elapsed, 55_000);
  });

  it('does what is due in its order, at its time', async () => {
    const t = await test(alive);
    await t.stream('/stream');
    await t.clock.advance('5s');
    await t.stream('/stream');
    await t.clock.advance('25s');
    const gets = t.events.filter(({ text }) => text.endsWith('gets "alive\\n"'));
    assert.deepEqual(
      gets.map(({ at, text }) => [at, text.slice(0, 8)]),
      [
        [20_000, 'stream 1'],
        [25_000, 'stream 2'],
      ],
    );
  });

  it('begins at the time of the machine', async () => {
    const t = await test(newsApp());
    assert(Math.abs(t.clock.now() - Date.now()) < 1000);
    await t.clock.advance('1h');
    assert(t.clock.now() - Date.now() > 3_500_000);
  });

  it('asks a next link when nothing has come for its time', async () => {
    const link = { 'Grip-Link': '</rest>; rel=next; timeout=30' };
    const t = await test(
      newsApp({
        '/stream': (_req, res) => hold(res, 'stream', 'open\n', link),
        '/rest': (_req, res) => hold(res, 'stream', 'rest\n', link),
      }),
    );
    const stream = await t.stream('/stream');
    await t.clock.advance('95s');
    assert.deepEqual(stream.received, ['open\n', 'rest\n', 'rest\n', 'rest\n']);
    // Updates of many streams go out a bit apart, 100 ms after they are due.
    assert.deepEqual(
      t.originRequests.map(({ url, at }) => [url, at / 1000]),
      [
        ['/stream', 0],
        ['/rest', 30.1],
        ['/rest', 60.2],
        ['/rest', 90.3],
      ],
    );
  });

  it('has an app asked that keeps its WebSockets alive', async () => {
    const page = webSocket(
      ([event]) => (event === undefined ? [{ type: 'TEXT', content: Buffer.from('tick') }] : [event]),
      { 'Keep-Alive-Interval': '20' },
    );
    const t = await test(newsApp({ '/chat': page }));
    const ws = await t.webSocket('/chat');
    await t.clock.advance('1m');
    assert.deepEqual(ws.received, ['tick', 'tick', 'tick']);
    assert.deepEqual(
      t.originRequests.map(({ at }) => at / 1000),
      [0, 20, 40, 60],
    );
  });

  it('has the delayed message of an app sent', async () => {
    const delayed = 'c:{"type":"keep-alive","message-type":"text","content":"later","timeout":30}';
    const page = webSocket(([event]) =>
      event?.type === 'OPEN' ? [event, { type: 'TEXT', content: Buffer.from(delayed) }] : [],
    );
    const t = await test(newsApp({ '/chat': page }));
    const ws = await t.webSocket('/chat');
    await t.clock.advance('29s');
    assert.deepEqual(ws.received, []);
    await t.clock.advance('1s');
    assert.deepEqual(ws.received, ['later']);
    await t.clock.advance('1m');
    assert.deepEqual(ws.received, ['later', 'later', 'later']);
  });

  it('waits for an app that is at a request', async () => {
    const t = await test(
      newsApp({
        '/stream': async (_req, res) => {
          await new Promise((resolve) => setTimeout(resolve, 30));
          hold(res, 'stream', 'open\n', keepAlive);
        },
      }),
    );
    const opening = t.stream('/stream');
    await t.clock.advance('20s');
    assert.deepEqual((await opening).received, ['open\n', 'alive\n']);
  });

  it('passes while a request waits for it to pass', async () => {
    const t = await test(alive);
    t.origin.delay('10s', { times: 1 });
    const opening = t.stream('/stream');
    await t.clock.advance('9s');
    await t.expectHeld({ count: 0 });
    await t.clock.advance('1s');
    const stream = await opening;
    await t.expectHeld('news');
    await t.clock.advance('20s');
    assert.deepEqual(stream.received, ['open\n', 'alive\n']);
  });
});
