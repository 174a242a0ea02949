// Runs alone: it measures time.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { GripError } from '@p-8/core';
import { createGripTest, type GripTest } from '@p-8/testing';
import WebSocket from 'ws';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const KEEP_ALIVE = { 'Grip-Keep-Alive': 'alive; timeout=20', 'Grip-Link': '</rest>; rel=next' };
const app = newsApp({
  '/alive': (_req, res) => hold(res, 'stream', 'open\n', KEEP_ALIVE),
  '/never': () => undefined,
});

/** What keeps a process running, without what only a moment ago did. */
async function resources(): Promise<string[]> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  // Modules may still be loaded, and what has been read of them be let go of.
  return process
    .getActiveResourcesInfo()
    .filter((name) => !name.startsWith('FSReq'))
    .sort();
}

async function openAll(t: GripTest): Promise<void> {
  const [stream, ws] = [await t.stream('/alive'), await t.webSocket('/chat')];
  await t.sse('/events');
  t.longPoll('/poll');
  await t.settled();
  stream.stall();
  ws.stall();
  for (let i = 0; i < 50; i++)
    await t.publish('news', { 'http-stream': 'x'.repeat(5000), 'ws-message': 'x'.repeat(5000) });
  await t.expectHeld({ count: 4 });
}

describe('t.close()', () => {
  it('leaves nothing behind, and is quick, with clients that are held or stall', async () => {
    const before = await resources();
    const t = await createGripTest(app);
    await openAll(t);
    t.origin.delay('10s');
    t.longPoll('/poll');
    await t.settled();
    const start = performance.now();
    await t.close();
    assert(performance.now() - start < 1000, `it took ${performance.now() - start} ms`);
    assert.equal(t.clock.pending, 0);
    assert.deepEqual(t.held(), []);
    assert.deepEqual(await resources(), before);
  });

  it('may come twice, or at once', async () => {
    const t = await createGripTest(app);
    await t.stream('/stream');
    await Promise.all([t.close(), t.close()]);
    await t.close();
  });

  it('ends what time there was to pass', async () => {
    const t = await createGripTest(app);
    await t.stream('/alive');
    const passing = t.clock.advance('1000h');
    await t.close();
    await passing;
    assert(t.clock.elapsed < 3_600_000_000);
    assert.equal(t.clock.pending, 0);
  });

  it('ends what somebody waits for', async () => {
    const t = await createGripTest(app);
    const stream = await t.stream('/stream');
    await stream.next();
    const waiting = stream.next({ timeout: '1m' });
    await t.close();
    await assert.rejects(waiting, /waited for chunk 2, but the connection broke/);
  });

  it('does not wait for an app that never answers', async () => {
    const t = await createGripTest(app, { patience: 60_000 });
    const poll = t.longPoll('/never');
    await new Promise((resolve) => setImmediate(resolve));
    await t.close();
    await assert.rejects(poll.next());
  });

  it('tells the app that WebSockets are gone', async () => {
    const t = await createGripTest(app);
    await t.webSocket('/chat');
    await t.close();
    assert.equal(t.originRequests.at(-1)?.body, 'DISCONNECT\r\n');
  });

  it('goes by itself with `await using`', async () => {
    const leaked = await createGripTest(app);
    {
      await using t = leaked;
      await t.stream('/stream');
    }
    assert.throws(() => leaked.request(), { code: 'GRIP_ERR_CLOSED' });
  });
});

describe('a test that has been closed', () => {
  it('says so', async () => {
    const t = await createGripTest(app);
    const stream = await t.stream('/stream');
    await t.publish('news', { 'http-stream': 'one\n' });
    await t.close();
    const closed = { name: 'GripError', code: 'GRIP_ERR_CLOSED', message: /^the test has been closed/ };
    for (const use of [
      () => t.request(),
      () => t.stream('/stream'),
      () => t.sse('/events'),
      () => t.longPoll('/poll'),
      () => t.webSocket('/chat'),
      () => t.clock.advance('1s'),
    ])
      assert.throws(use, closed);
    await assert.rejects(t.publish('news', { 'http-stream': 'one\n' }), closed);
    await assert.rejects(t.listen(), closed);
    // What has happened can still be looked at.
    assert.deepEqual(stream.received, ['open\n', 'one\n']);
    assert.equal(t.published.length, 1);
    await t.expectDelivered('news');
  });
});

describe('t.listen()', () => {
  const test = useGripTests();

  it('opens ports for clients and publishers of other processes, until the test is closed', async () => {
    const before = await resources();
    const t = await createGripTest(app);
    const { url, controlUrl } = await t.listen();
    const response = await fetch(`${url}/stream`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader?.read())?.value, 'open\n');
    const ws = new WebSocket(`${url.replace('http', 'ws')}/chat`);
    await new Promise((resolve) => ws.once('open', resolve));
    const item = (text: string) =>
      JSON.stringify({ items: [{ channel: 'news', formats: { 'http-stream': { content: text } } }] });
    const ask = async (path: string, body: string, headers = {}) => {
      // Another process knows nothing of this one's fetch.
      const http = await import('node:http');
      return new Promise<[status: number | undefined, type: string | undefined, body: string]>(
        (resolve, reject) => {
          const request = http.request(
            controlUrl + path,
            { method: 'POST', headers, agent: false },
            async (message) => {
              const chunks: Buffer[] = [];
              for await (const chunk of message) chunks.push(chunk as Buffer);
              resolve([
                message.statusCode,
                message.headers['content-type'],
                Buffer.concat(chunks).toString(),
              ]);
            },
          );
          request.once('error', reject).end(body);
        },
      );
    };
    assert.deepEqual(await ask('/publish', item('one\n')), [200, 'text/plain', 'Published\n']);
    assert.equal((await reader?.read())?.value, 'one\n');
    const [status, type, body] = await ask('/publish/', item('two\n'), { Accept: 'application/json' });
    assert.deepEqual(
      [status, type, JSON.parse(body)],
      [
        200,
        'application/json',
        { message: 'Published', matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 },
      ],
    );
    assert.deepEqual(await ask('/publish', '{'), [400, 'text/plain', 'Body is not valid JSON.\n']);
    assert.equal((await ask('/publish', '{"items":1}'))[0], 400);
    assert.equal((await ask('/other', ''))[0], 404);
    assert.equal((await reader?.read())?.value, 'two\n');
    t.refusePublish(503);
    assert.equal((await ask('/publish', item('three\n')))[0], 503);
    const start = performance.now();
    await t.close();
    assert(performance.now() - start < 1000, `it took ${performance.now() - start} ms`);
    await assert.rejects(ask('/publish', item('four\n')), /ECONNREFUSED/);
    ws.on('error', () => undefined);
    await assert.rejects(reader?.read() ?? Promise.resolve());
    assert.deepEqual(await resources(), before);
  });

  it('takes ports that are free', async () => {
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const [one, two] = [await test(app), await test(app)];
    const ports = [await one.listen(), await two.listen()].flatMap(({ url, controlUrl }) => [
      url,
      controlUrl,
    ]);
    assert.equal(new Set(ports).size, 4);
    await new Promise((resolve) => taken.close(resolve));
  });
});

describe('what makes no sense', () => {
  const test = useGripTests();

  it('is an error with a name: options', async () => {
    for (const [options, message] of [
      [{ sigkey: 'x' }, /sigkey/],
      [{ target: 'http://localhost' }, /option 'target' is set by the test itself/],
      [{ clock: {} }, /option 'clock' is set by the test itself/],
      [{ sessionQueueBytes: 'x' }, /sessionQueueBytes/],
      [{ patience: -1 }, /option 'patience' is -1/],
      [{ url: 'app.test' }, /option 'url' is 'app.test'/],
      [{ controlUri: 'nowhere' }, /option 'controlUri' is 'nowhere'/],
    ] as const) {
      const before = globalThis.fetch;
      await assert.rejects(createGripTest(app, options as object), (error) => {
        assert(error instanceof GripError);
        assert.equal(error.code, 'GRIP_ERR_OPTION');
        assert.match(error.message, message);
        return true;
      });
      assert.equal(globalThis.fetch, before);
    }
  });

  it('is an error with a name: items', async () => {
    const t = await test(app);
    const invalid = { name: 'GripError', code: 'GRIP_ERR_INVALID_ITEM' };
    await assert.rejects(t.publish('news', { 'http-stream': 5 } as never), invalid);
    await assert.rejects(t.publish('news', 'text' as never), invalid);
    await assert.rejects(t.publish({ channel: 'news' } as never), invalid);
    await assert.rejects(t.publish([null] as never), invalid);
    assert.equal(t.published.length, 0);
  });
});
