import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

describe('t.longPoll()', () => {
  const test = useGripTests();

  it('gives the item that answers it, and asks again', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    for (const text of ['one', 'two']) {
      const response = poll.next();
      await t.publish('news', { 'http-response': { code: 201, headers: { 'X-Name': 'me' }, body: text } });
      const { status, headers, body } = await response;
      assert.deepEqual([status, headers['x-name'], body], [201, 'me', text]);
    }
    assert.equal(t.originRequests.length, 2);
    assert.equal(poll.received.length, 2);
  });

  it('asks at once, and not again before it is told to', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    await t.expectHeld({ mode: 'response', count: 1 });
    await t.publish('news', { 'http-response': 'one' });
    await t.expectHeld({ count: 0 });
    assert.equal((await poll.next()).body, 'one');
    await t.settled();
    assert.equal(t.originRequests.length, 1);
  });

  it('reads JSON', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    await t.publish('news', { 'http-response': '{"a":[1]}' });
    const response = await poll.next();
    assert.deepEqual(response.json(), { a: [1] });
    void poll.next();
    await t.publish('news', { 'http-response': '{' });
    assert.throws(() => poll.received[1]?.json(), SyntaxError);
  });

  it('is answered without an item when its time is up', async () => {
    const t = await test(
      newsApp({ '/poll': (_req, res) => hold(res, 'response', 'none\n', { 'Grip-Timeout': '30' }) }),
    );
    const poll = t.longPoll('/poll');
    await t.clock.advance('29.9s');
    assert.equal(poll.received.length, 0);
    void t.clock.advance('100ms');
    assert.equal((await poll.next()).body, 'none\n');
  });

  it('comes back after the connection broke', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    await t.expectHeld();
    poll.drop();
    await assert.rejects(poll.next(), /long-poll 1: waited for response 1, but the connection broke/);
    await t.expectHeld({ count: 0 });
    void poll.next();
    await t.publish('news', { 'http-response': 'one' });
    assert.equal(poll.received[0]?.body, 'one');
  });

  it('still waits for its response after a next() that was in vain', async () => {
    const t = await test(newsApp());
    const poll = t.longPoll('/poll');
    await assert.rejects(
      poll.next({ timeout: 10 }),
      /waited for response 1, but it did not come within 10 ms/,
    );
    await t.publish('news', { 'http-response': 'one' });
    assert.equal((await poll.next()).body, 'one');
    assert.equal(t.originRequests.length, 1);
  });
});
