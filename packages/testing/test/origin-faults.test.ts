import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const LINK = { 'Grip-Link': '</rest>; rel=next; timeout=60' };

describe('t.origin', () => {
  const test = useGripTests();

  const linked = newsApp({
    '/stream': (_req, res) => hold(res, 'stream', 'open\n', LINK),
    '/rest': (_req, res) => hold(res, 'stream', 'rest\n', LINK),
  });

  it('is slow', async () => {
    const t = await test(newsApp());
    t.origin.delay('3s');
    const answers: string[] = [];
    for (const path of ['/plain', '/stream'])
      void t
        .request()
        .get(path)
        .then(({ text }) => answers.push(text));
    await t.clock.advance('2.9s');
    assert.deepEqual(answers, []);
    await t.clock.advance('100ms');
    assert.deepEqual(answers, ['plain\n']);
    await t.expectHeld('news');
    t.origin.up();
    await t.request().get('/plain').expect('plain\n');
    assert.match(t.timeline, /fault {5}the origin is slow by 3s\n/);
  });

  it('is slow for so many requests', async () => {
    const t = await test(newsApp());
    t.origin.delay(3000, { times: 1 });
    const first = t.request().get('/plain').then();
    await t.settled();
    await t.request().get('/plain').expect('plain\n');
    await t.clock.advance('3s');
    assert.equal((await first).text, 'plain\n');
  });

  it('is left by a client that does not wait', async () => {
    const t = await test(newsApp());
    t.origin.delay('3s');
    const poll = t.longPoll('/poll');
    await t.settled();
    poll.drop();
    await t.settled();
    assert.equal(t.clock.pending, 0);
  });

  it('fails', async () => {
    const t = await test(newsApp());
    t.origin.fail(500, { body: 'broken\n', times: 1 });
    await t.request().get('/plain').expect(500, 'broken\n');
    await t.request().get('/plain').expect(200, 'plain\n');
    t.origin.fail();
    await t.request().get('/plain').expect(503, '503\n');
    assert.equal(t.originRequests.at(-1)?.answer?.status, 503);
    await assert.rejects(t.webSocket('/chat'), { name: 'WebSocketRefused', status: 503 });
    t.origin.up();
    await t.webSocket('/chat');
  });

  it('is down', async () => {
    const t = await test(newsApp());
    t.origin.down({ times: 1 });
    const { status, text } = await t.request().get('/plain');
    assert.equal(status, 502);
    assert.match(text, /^Unable to connect/);
    await t.request().get('/plain').expect(200);
  });

  it('cuts its answers', async () => {
    const t = await test(newsApp());
    t.origin.cut({ times: 1 });
    await assert.rejects(t.request().get('/plain').then(), /aborted/);
    t.origin.cut({ times: 1 });
    // An instruct that is not whole holds nobody.
    const opening = await t.longPoll('/poll').next();
    assert.equal(opening.status, 502);
    await t.expectHeld({ count: 0 });
    await t.request().get('/plain').expect(200);
  });

  it('fails in the middle of a stream, which goes on when it is well', async () => {
    for (const fault of ['fail', 'down', 'cut'] as const) {
      const t = await test(linked);
      const stream = await t.stream('/stream');
      if (fault === 'fail') t.origin.fail(503, { times: 2 });
      else t.origin[fault]({ times: 2 });
      await t.clock.advance('60.1s');
      if (fault === 'cut') {
        // What has begun to come cannot be asked again: the client sees that.
        assert.equal((await stream.ended()).clean, false);
        continue;
      }
      await t.clock.advance('2.9s');
      assert.deepEqual(stream.received, ['open\n']);
      await t.clock.advance('100ms');
      assert.deepEqual(stream.received, ['open\n', 'rest\n']);
      assert.deepEqual(
        t.originRequests.map(({ at }) => at / 1000),
        [0, 60.1, 61.1, 63.1],
      );
    }
  });

  it('fails a stream for minutes, and is asked every 16 seconds until it is well', async () => {
    const t = await test(linked);
    const stream = await t.stream('/stream');
    t.origin.down();
    await t.clock.advance('2m');
    assert.deepEqual(
      t.originRequests.map(({ at }) => at / 1000),
      [0, 60.1, 61.1, 63.1, 67.1, 75.1, 91.1, 107.1],
    );
    t.origin.up();
    await t.clock.advance('16s');
    assert.deepEqual(stream.received, ['open\n', 'rest\n']);
    assert.match(
      t.timeline,
      /recover {3}stream \/stream on news: quiet\n[\s\S]*recover {3}stream \/stream on news: done \(link\)$/,
    );
  });

  it('is asked again for a WebSocket when it cannot be reached', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    t.origin.down({ times: 2 });
    ws.send('hello');
    await t.clock.advance('2.9s');
    assert.deepEqual(ws.received, []);
    await t.clock.advance('100ms');
    assert.deepEqual(ws.received, ['hello']);
    assert.deepEqual(
      t.originRequests.map(({ at }) => at / 1000),
      [0, 0, 1, 3],
    );
  });

  it('closes a WebSocket that it fails with 1011', async () => {
    const t = await test(newsApp());
    const ws = await t.webSocket('/chat');
    t.origin.fail();
    ws.send('hello');
    assert.equal((await ws.closed()).code, 1011);
  });

  it('is asked again for a long-poll that has missed an item, and may fail then', async () => {
    const t = await test(
      newsApp({
        '/poll': (_req, res) => hold(res, 'response', 'none\n', { 'Grip-Channel': 'news; prev-id=1' }),
      }),
    );
    const poll = t.longPoll('/poll');
    await t.expectHeld('news');
    t.origin.fail(500);
    await t.publish('news', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' });
    await t.clock.advance('30s');
    assert.equal((await poll.next()).status, 500);
  });
});
