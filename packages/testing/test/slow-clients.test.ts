import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const QUEUE = 50_000;
const KB = 'x'.repeat(1000);

describe('a client that stalls', () => {
  const test = useGripTests();

  it('loses nothing of a stream that there is room for', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    await stream.next();
    stream.stall();
    for (let i = 0; i < 300; i++) await t.publish('news', { 'http-stream': `${i} ${KB}` });
    assert.equal(stream.received.length, 1);
    assert((t.published.at(-1)?.receipt.queued ?? 0) > 0);
    stream.resume();
    await t.settled();
    const all = stream.received.slice(1).join('');
    assert.equal(all, Array.from({ length: 300 }, (_, i) => `${i} ${KB}`).join(''));
  });

  it('is cut off a stream that is too much for it', async () => {
    const t = await test(newsApp(), { sessionQueueBytes: QUEUE });
    const stream = await t.stream('/stream');
    stream.stall();
    for (let i = 0; i < 300; i++) await t.publish('news', { 'http-stream': KB });
    assert.deepEqual(
      t.events.filter(({ type }) => type === 'release').map(({ text }) => text),
      ['stream /stream on news: slow'],
    );
    stream.resume();
    assert.equal((await stream.ended()).clean, false);
    await t.expectHeld({ count: 0 });
  });

  it('gets the rest of a stream from its next link', async () => {
    const t = await test(
      newsApp({
        '/stream': (_req, res) => hold(res, 'stream', 'open\n', { 'Grip-Link': '</rest>; rel=next' }),
        '/rest': (_req, res) => hold(res, 'stream', 'the rest\n', { 'Grip-Link': '</rest>; rel=next' }),
      }),
      { sessionQueueBytes: QUEUE },
    );
    const stream = await t.stream('/stream');
    stream.stall();
    for (let i = 0; i < 300; i++) await t.publish('news', { 'http-stream': KB });
    await t.expectHeld('news');
    stream.resume();
    await t.settled();
    assert.equal(stream.received.at(-1), 'the rest\n');
  });

  it('loses no message of a WebSocket that there is room for', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    ws.stall();
    for (let i = 0; i < 300; i++) await t.publish('news', { 'ws-message': `${i} ${KB}` });
    assert.equal(ws.received.length, 0);
    ws.resume();
    for (let i = 0; i < 300; i++) assert.equal(await ws.next(), `${i} ${KB}`);
  });

  it('has a WebSocket closed that is too much for it', async () => {
    const t = await test(newsApp(), { sessionQueueBytes: QUEUE });
    const ws = await t.webSocket('/chat');
    ws.stall();
    for (let i = 0; i < 300; i++) await t.publish('news', { 'ws-message': KB });
    assert.match(t.timeline, /release {3}websocket \/chat on news: slow\n/);
    ws.resume();
    const { code, reason } = await ws.closed();
    assert.deepEqual([code, reason], [1013, 'too slow']);
  });

  it('gets the response of a long-poll when it goes on', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    poll.stall();
    await t.publish('news', { 'http-response': KB });
    assert.equal(poll.received.length, 0);
    poll.resume();
    assert.equal((await poll.next()).body, KB);
  });

  it('gets events late', async () => {
    const t = await test(newsApp());
    const events = await t.sse('/events');
    events.stall();
    await t.publish('news', { 'http-stream': 'data: one\n\n' });
    assert.equal(events.received.length, 0);
    events.resume();
    assert.equal((await events.next()).data, 'one');
  });
});
