import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const SSE = { 'Content-Type': 'text/event-stream' };

describe('t.sse()', () => {
  const test = useGripTests();

  const publish = (t: Awaited<ReturnType<typeof test>>, text: string) =>
    t.publish('news', { 'http-stream': text });

  it('gives events, with what they carry', async () => {
    const t = await test(newsApp());
    const events = await t.sse('/events');
    await publish(t, 'event: greeting\nid: 1\ndata: hello\ndata: you\n\n');
    await publish(t, 'data: ü\n\ndata: two\n\n');
    assert.deepEqual(await events.next(), { event: 'greeting', id: '1', data: 'hello\nyou' });
    assert.deepEqual(await events.next(), { event: 'message', id: undefined, data: 'ü' });
    assert.deepEqual(await events.next(), { event: 'message', id: undefined, data: 'two' });
    assert.equal(events.received.length, 3);
    assert.equal(t.originRequests[0]?.headers.accept, 'text/event-stream');
  });

  it('puts together what comes in parts', async () => {
    const t = await test(newsApp());
    const events = await t.sse('/events');
    await publish(t, 'data: on');
    await publish(t, 'e\n');
    assert.equal(events.received.length, 0);
    await publish(t, '\n');
    assert.equal((await events.next()).data, 'one');
  });

  it('keeps comments apart', async () => {
    const t = await test(
      newsApp({
        '/events': (_req, res) =>
          hold(res, 'stream', ': hello\n\n', {
            ...SSE,
            'Grip-Keep-Alive': ': alive\\n\\n; format=cstring; timeout=20',
          }),
      }),
    );
    const events = await t.sse('/events');
    await t.clock.advance('1m');
    assert.deepEqual(
      events.comments.map((comment) => comment.trim()),
      ['hello', 'alive', 'alive', 'alive'],
    );
    assert.deepEqual(events.received, []);
    await assert.rejects(events.next({ timeout: 10 }), /sse 1: waited for event 1.*Seen so far: nothing/);
  });

  it('comes back with the last id, as a browser does', async () => {
    const t = await test(newsApp());
    const first = await t.sse('/events');
    assert.equal(first.lastEventId, '');
    await publish(t, 'id: 7\ndata: one\n\n');
    await publish(t, 'data: two\n\n');
    await first.next();
    assert.equal(first.lastEventId, '7');
    first.drop();
    assert.equal((await first.ended()).clean, false);
    await t.sse('/events', { lastEventId: first.lastEventId });
    assert.equal(t.originRequests.at(-1)?.headers['last-event-id'], '7');
  });

  it('says so where the response is none', async () => {
    const t = await test(newsApp());
    await assert.rejects(
      t.sse('/stream'),
      /sse 1: the answer is 200 text\/plain, which is no event stream\n/,
    );
    await assert.rejects(t.sse('/none'), /sse 2: the answer is 404 without a Content-Type/);
    await t.expectHeld({ count: 0 });
  });
});
