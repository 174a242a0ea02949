import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import type { TestedApp } from '@p-8/testing';
import { createGripTest } from '@p-8/testing';
import express from 'express';
import Koa from 'koa';
import { WebSocketServer } from 'ws';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const FIELDS = { 'Grip-Hold': 'stream', 'Grip-Channel': 'news' };

const respond = (request: Request): Response =>
  new Response(`open ${new URL(request.url).pathname}\n`, { headers: FIELDS });

/** Each of them holds a stream at any path, after `open` and the path. */
const APPS: Readonly<Record<string, () => TestedApp>> = {
  'an Express app': () => express().use((req, res) => void res.set(FIELDS).send(`open ${req.path}\n`)),
  'a Koa app': () =>
    new Koa().use((ctx) => {
      ctx.set(FIELDS);
      ctx.body = `open ${ctx.path}\n`;
    }),
  'a request listener': () => (req, res) => hold(res, 'stream', `open ${req.url}\n`),
  'an object with a request listener': () => ({
    listener: (...args) => hold(args[1], 'stream', `open ${args[0].url}\n`),
  }),
  'a fetch handler': () => respond,
  'a fetch handler that takes its time': () => async (request: Request) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return respond(request);
  },
  'a fetch handler that names no argument':
    () =>
    (...args: [Request]) =>
      respond(args[0]),
  'an object with a fetch handler': () => ({ fetch: respond }),
};

describe('createGripTest()', () => {
  const test = useGripTests();

  for (const [name, app] of Object.entries(APPS)) {
    it(`takes ${name}, and nothing listens`, async () => {
      const { listen } = net.Server.prototype;
      const before = process.getActiveResourcesInfo().filter((kind) => kind.includes('TCP'));
      net.Server.prototype.listen = () => assert.fail('something listens');
      try {
        const t = await test(app());
        const stream = await t.stream('/news');
        assert.equal(await stream.next(), 'open /news\n');
        await t.publish('news', { 'http-stream': 'one\n' });
        assert.equal(await stream.next(), 'one\n');
        const after = process.getActiveResourcesInfo().filter((kind) => kind.includes('TCP'));
        assert.deepEqual(after, before);
      } finally {
        net.Server.prototype.listen = listen;
      }
    });
  }

  for (const app of [
    undefined,
    null,
    'app',
    42,
    {},
    { target: 'localhost' },
    { target: 80 },
    { fetch: 'no' },
  ]) {
    it(`says what it takes where it gets ${JSON.stringify(app)}`, async () => {
      await assert.rejects(createGripTest(app as never), {
        name: 'TypeError',
        message: /takes an Express or Koa app, a request listener, a fetch handler, or \{ target: /,
      });
    });
  }
});

describe('a fetch handler that is tested', () => {
  const test = useGripTests();

  it('gets the request as it was asked', async () => {
    const t = await test(async (request: Request) => {
      const { method, url, headers } = request;
      return Response.json({ method, url, name: headers.get('x-name'), body: await request.text() });
    });
    const { body } = await t.request().post('/a?b=c').set('X-Name', 'me').type('text/plain').send('hello');
    assert.deepEqual(body, { method: 'POST', url: 'http://app.test/a?b=c', name: 'me', body: 'hello' });
  });

  it('may stream a response', async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const t = await test(
      () =>
        new Response(
          new ReadableStream({
            start(given) {
              controller = given;
            },
          }),
        ),
    );
    const opening = t.stream('/');
    await t.settled();
    controller?.enqueue(Buffer.from('one'));
    const stream = await opening;
    assert.equal(await stream.next(), 'one');
    controller?.enqueue(Buffer.from('two'));
    assert.equal(await stream.next(), 'two');
    controller?.close();
    assert.equal((await stream.ended()).clean, true);
  });

  it('may stream what is held later', async () => {
    const parts = ['one ', 'two ', 'three\n'];
    const t = await test(() => {
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const part = parts.shift();
          if (part === undefined) controller.close();
          else controller.enqueue(Buffer.from(part));
        },
      });
      return new Response(body, { headers: FIELDS });
    });
    const stream = await t.stream('/');
    await t.publish('news', { 'http-stream': 'four\n' });
    assert.equal(stream.received.join(''), 'one two three\nfour\n');
  });

  it('may set several cookies', async () => {
    const t = await test(
      () =>
        new Response('', {
          headers: [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ],
        }),
    );
    const { headers } = await t.request().get('/');
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  });

  it('is answered for with its error where it throws one', async () => {
    const t = await test((request: Request) => {
      if (request.url.endsWith('/later')) return Promise.reject(new Error('later'));
      throw new Error('at once');
    });
    for (const [path, expected] of [
      ['/', /^Error: at once\n +at /],
      ['/later', /^Error: later\n +at /],
    ] as const) {
      const { status, text } = await t.request().get(path);
      assert.equal(status, 500);
      assert.match(text, expected);
    }
    assert.match(t.events.find(({ type }) => type === 'error')?.text ?? '', /^Error: at once\n/);
  });

  it('is answered for where it gives no response', async () => {
    const t = await test((() => undefined) as never);
    const { status, text } = await t.request().get('/');
    assert.equal(status, 500);
    assert.match(text, /the fetch handler gave undefined in place of a Response/);
  });
});

describe('a request listener that is tested', () => {
  const test = useGripTests();

  it('may write its head in any form, with fields that come twice', async () => {
    const t = await test((req, res) => {
      const fields = ['Grip-Hold', 'stream', 'Grip-Channel', 'one', 'Grip-Channel', 'two'];
      if (req.url === '/list') res.writeHead(200, fields);
      else if (req.url === '/object')
        res.writeHead(200, 'OK', { 'Grip-Hold': 'stream', 'Grip-Channel': ['one', 'two'] });
      else res.setHeader('Grip-Hold', 'stream').setHeader('Grip-Channel', ['one', 'two']);
      res.end('open');
    });
    for (const path of ['/list', '/object', '/set']) {
      await t.stream(path);
      await t.expectHeld({ url: path, channel: 'one' });
      await t.expectHeld({ url: path, channel: 'two' });
    }
    assert.deepEqual(
      t.instructs.map(({ channels }) => channels.map(({ name }) => name)),
      [
        ['one', 'two'],
        ['one', 'two'],
        ['one', 'two'],
      ],
    );
  });
});

describe('a server elsewhere that is tested', () => {
  const test = useGripTests();
  const servers: http.Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  const listen = async (listener: http.RequestListener): Promise<[target: string, server: http.Server]> => {
    const server = http.createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server];
  };

  it('is asked over HTTP, for WebSockets as well', async () => {
    const [target] = await listen(newsApp());
    const t = await test({ target });
    const stream = await t.stream('/stream');
    const ws = await t.webSocket('/chat');
    ws.send('hello');
    assert.equal(await ws.next(), 'hello');
    await t.publish('news', { 'http-stream': 'one\n', 'ws-message': 'one' });
    assert.equal(await stream.next(), 'open\n');
    assert.equal(await stream.next(), 'one\n');
    assert.equal(await ws.next(), 'one');
    assert.equal(t.originRequests[0]?.headers.host, 'app.test');
  });

  it('may speak WebSocket itself', async () => {
    const [target, server] = await listen(newsApp());
    const sockets = new WebSocketServer({ server });
    sockets.on('headers', (headers) => headers.push('Sec-WebSocket-Extensions: grip; message-prefix=""'));
    sockets.on('connection', (socket) => {
      socket.send('c:{"type":"subscribe","channel":"news"}');
      socket.on('message', (data) => socket.send(`you said ${data}`));
    });
    const t = await test({ target, overHttp: false });
    const ws = await t.webSocket('/chat');
    ws.send('hello');
    assert.equal(await ws.next(), 'you said hello');
    await t.publish('news', { 'ws-message': 'one' });
    assert.equal(await ws.next(), 'one');
    const stream = await t.stream('/stream');
    assert.equal(await stream.next(), 'open\n');
    for (const socket of sockets.clients) socket.terminate();
    assert.equal((await ws.closed()).code, 1011);
  });

  it('sees an address of https where the test has one', async () => {
    const [target] = await listen(newsApp());
    const t = await test({ target }, { url: 'https://app.test' });
    await t.request().get('/plain').expect(200);
    await t.stream('/stream');
    for (const { headers } of t.originRequests)
      assert.deepEqual([headers.host, headers['x-forwarded-proto']], ['app.test', 'https']);
  });

  it('is left when the client leaves', async () => {
    let left: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const [target] = await listen((_req, res) => {
      res.once('close', left);
      res.write('one\n');
    });
    const t = await test({ target });
    const stream = await t.stream('/');
    stream.drop();
    await gone;
  });

  it('may be gone', async () => {
    const [target, server] = await listen(newsApp());
    await new Promise((resolve) => server.close(resolve));
    const t = await test({ target });
    const { status, text } = await t.request().get('/plain');
    assert.equal(status, 502);
    assert.match(text, /^Unable to connect to any targets/);
    assert.match(t.timeline, /error {5}http:.*ECONNREFUSED/);
  });
});
