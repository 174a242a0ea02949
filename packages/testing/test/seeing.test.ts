import assert, { AssertionError } from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { GripProxyOptions } from '@p-8/core';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

describe('what has happened in a test', () => {
  const test = useGripTests();

  it('is there as requests, with their answers', async () => {
    const t = await test(
      newsApp({
        '/echo': async (req, res) => {
          const chunks: Buffer[] = [];
          for await (const chunk of req) chunks.push(chunk as Buffer);
          res.writeHead(201, { 'X-Name': 'me' });
          res.write('you said ');
          res.end(Buffer.concat(chunks));
        },
      }),
    );
    await t.clock.advance('5s');
    await t.request().post('/echo?a=b').set('X-Name', 'you').type('text/plain').send('hello').expect(201);
    const [request = assert.fail()] = t.originRequests;
    assert.deepEqual(
      [request.at, request.method, request.url, request.body],
      [5000, 'POST', '/echo?a=b', 'hello'],
    );
    assert.equal(request.headers['x-name'], 'you');
    assert.match(String(request.headers['grip-sig']), /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.deepEqual(
      [request.answer?.status, request.answer?.body, request.answer?.headers['x-name']],
      [201, 'you said hello', 'me'],
    );
  });

  it('is there as instructs', async () => {
    const page = {
      'Grip-Channel': 'news; prev-id=3, other; filter=skip-self',
      'Grip-Timeout': '30',
      'Grip-Set-Meta': 'user="me"',
    };
    const t = await test(newsApp({ '/poll': (_req, res) => hold(res, 'response', 'none\n', page) }));
    t.longPoll('/poll');
    await t.stream('/stream');
    await t.webSocket('/chat');
    await t.request().get('/plain');
    const [poll, stream, chat, ...more] = t.instructs;
    assert.deepEqual(more, []);
    assert.deepEqual(
      [poll?.hold, poll?.channels, poll?.timeoutSeconds, poll?.meta, poll?.response],
      [
        'response',
        [
          { name: 'news', prevId: '3', filters: [] },
          { name: 'other', prevId: undefined, filters: ['skip-self'] },
        ],
        30,
        { user: 'me' },
        { status: 200, body: 'none\n' },
      ],
    );
    assert.deepEqual(
      [stream?.hold, stream?.timeoutSeconds, stream?.request.url],
      ['stream', undefined, '/stream'],
    );
    assert.deepEqual(
      [chat?.hold, chat?.channels.map(({ name }) => name), chat?.controls.map(({ type }) => type)],
      ['websocket', ['news'], ['subscribe']],
    );
  });

  it('is there as instructs, also in JSON, and compressed', async () => {
    const instruct = { hold: { mode: 'stream', channels: [{ name: 'news' }] }, response: { body: 'open\n' } };
    const t = await test(
      newsApp({
        '/json': (_req, res) => {
          res.writeHead(200, { 'Content-Type': 'application/grip-instruct', 'Content-Encoding': 'gzip' });
          res.end(gzipSync(JSON.stringify(instruct)));
        },
      }),
    );
    const stream = await t.stream('/json');
    assert.equal(await stream.next(), 'open\n');
    assert.deepEqual([t.instructs[0]?.hold, t.instructs[0]?.response.body], ['stream', 'open\n']);
  });

  it('is no instruct in JSON where the app’s own proxy would not read it', async () => {
    const instruct = { hold: { mode: 'stream', channels: [{ name: 'news' }] }, response: { body: 'open' } };
    const appWith = (options: GripProxyOptions): RequestListener =>
      express().use(gripProxy(options), (_req, res) => {
        res.type('application/grip-instruct').json(instruct);
      });
    const t = await test(appWith({}));
    const { text } = await t.request().get('/').buffer();
    assert.deepEqual([JSON.parse(text), t.instructs.length], [instruct, 0]);
    const reads = [
      await test(appWith({ jsonInstructs: true })),
      await test(appWith({}), { jsonInstructs: true }),
    ];
    for (const one of reads) {
      assert.equal(await (await one.stream('/')).next(), 'open');
      assert.equal(one.instructs.length, 1);
    }
  });

  it('is there as an error where an instruct is none', async () => {
    const t = await test(
      newsApp({ '/wrong': (_req, res) => hold(res, 'stream', '', { 'Grip-Hold': 'for ever' }) }),
    );
    await t.request().get('/wrong');
    assert.equal(t.instructs.length, 0);
    assert.match(t.events.find(({ type }) => type === 'error')?.text ?? '', /^an instruct that is none: /);
  });

  it('is there as what is held', async () => {
    const t = await test(newsApp());
    t.longPoll('/poll?a=b');
    const stream = await t.stream('/stream');
    const ws = await t.webSocket('/chat');
    await t.settled();
    const poll = { mode: 'response', url: '/poll?a=b', channels: ['news'] };
    assert.deepEqual(t.held({ mode: 'response' }), [poll]);
    assert.deepEqual(t.held({ url: '/poll?a=b' }), [poll]);
    assert.equal(t.held({ channel: 'news' }).length, 3);
    assert.equal(t.held({ channel: 'none' }).length, 0);
    stream.drop();
    ws.close();
    await t.settled();
    assert.deepEqual(t.held(), [poll]);
  });

  it('is there as what was published', async () => {
    const t = await test(newsApp());
    await t.stream('/stream');
    await t.clock.advance('2s');
    await t.publish('news', { 'http-stream': 'one\n' }, { id: '2', 'prev-id': '1' });
    await t.publish('none', { 'ws-message': 'two' });
    const [one, two] = t.published;
    assert.deepEqual(
      [one?.at, one?.channel, one?.id, one?.prevId, one?.receipt.delivered],
      [2000, 'news', '2', '1', 1],
    );
    assert.equal(
      Buffer.from(one?.item.httpStream?.action === 'send' ? one.item.httpStream.content : '').toString(),
      'one\n',
    );
    assert.deepEqual([two?.channel, two?.id, two?.receipt.matched], ['none', undefined, 0]);
  });

  it('is there as events, and as text', async () => {
    const t = await test(newsApp());
    assert.equal(t.timeline, '  (nothing has happened)');
    const stream = await t.stream('/stream');
    await t.clock.advance('1.5s');
    await t.publish('news', { 'http-stream': 'one\n' });
    stream.drop();
    await t.settled();
    assert.deepEqual(
      t.events.map(({ at, type, text }) => `${at} ${type}: ${text}`),
      [
        '0 client: stream 1 asks GET /stream',
        '0 origin: GET /stream comes',
        '0 origin: GET /stream is answered 200 "open\\n"',
        '0 instruct: hold stream on news',
        '0 hold: stream /stream on news',
        '0 client: stream 1 gets "open\\n"',
        '0 clock: 1500 ms pass',
        '1500 publish: to news "one\\n": delivered to 1',
        '1500 client: stream 1 gets "one\\n"',
        '1500 release: stream /stream on news: client',
        '1500 client: stream 1 sees that the connection broke',
      ],
    );
    assert.equal(t.timeline.split('\n')[7], '     +1.500s  publish   to news "one\\n": delivered to 1');
  });
});

describe('t.expectHeld()', () => {
  const test = useGripTests();

  it('waits until what is under way is held', async () => {
    const t = await test(newsApp());
    t.longPoll('/poll');
    await t.expectHeld();
    await t.expectHeld('news');
    await t.expectHeld({ mode: 'response', channel: 'news', url: '/poll', count: 1 });
    await t.expectHeld({ mode: 'stream', count: 0 });
  });

  it('says what is held in place of what is expected, and what happened', async () => {
    const t = await test(newsApp());
    await t.stream('/stream');
    const failures = [
      ['other', "expected a held connection on 'other', found 0. Held are: stream /stream on news"],
      [{ mode: 'response' }, 'expected a held response, found 0. Held are: stream /stream on news'],
      [
        { mode: 'stream', count: 2, url: '/stream' },
        'expected 2 held streams of /stream, found 1. Held are: stream /stream on news',
      ],
      [{ count: 0 }, 'expected 0 held connections, found 1. Held are: stream /stream on news'],
    ] as const;
    for (const [expected, message] of failures) {
      await assert.rejects(t.expectHeld(expected), (error) => {
        assert(error instanceof AssertionError);
        const [first, ...timeline] = error.message.split('\n');
        assert.equal(first, message);
        assert.equal(timeline.join('\n'), t.timeline);
        assert.match(t.timeline, /GET \/stream is answered 200/);
        return true;
      });
    }
  });
});

describe('t.expectDelivered()', () => {
  const test = useGripTests();

  it('looks at the last item of a channel, or the one with an id', async () => {
    const t = await test(newsApp());
    await t.publish('news', { 'http-stream': 'to none\n' }, { id: '1' });
    await Promise.all([t.stream('/stream'), t.stream('/stream')]);
    await t.publish('news', { 'http-stream': 'to both\n' }, { id: '2' });
    await t.expectDelivered('news');
    await t.expectDelivered('news', { to: 2 });
    await t.expectDelivered('news', { id: '1', to: 0 });
  });

  it('says what became of the item, and what happened', async () => {
    const t = await test(newsApp());
    const fails = (message: string, ...args: Parameters<typeof t.expectDelivered>) =>
      assert.rejects(t.expectDelivered(...args), (error) => {
        assert(error instanceof AssertionError);
        assert.equal(error.message, `${message}\n${t.timeline}`);
        return true;
      });
    await fails("expected an item on 'news', but none was published. Channels with items: none", 'news');
    await t.publish('other', { 'http-stream': 'one\n' });
    await fails("expected an item on 'news', but none was published. Channels with items: other", 'news');
    await t.publish('news', { 'http-stream': 'one\n' }, { id: '1' });
    await fails("expected an item on 'news' to be delivered, but: nobody is subscribed", 'news');
    await fails(
      "expected item 2 on 'news', but none was published. Channels with items: other, news",
      'news',
      { id: '2' },
    );
    await t.stream('/stream');
    await t.publish('news', { 'http-stream': 'one\n' });
    await fails("expected an item on 'news' to be delivered to 2, but: delivered to 1", 'news', { to: 2 });
    t.items.lose();
    await t.publish('news', { 'http-stream': 'one\n' });
    await fails("expected an item on 'news' to be delivered, but: lost", 'news');
  });
});
