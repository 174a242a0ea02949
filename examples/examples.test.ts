import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { P8Server } from 'p-8';
import SockJS from 'sockjs-client';
import { WebSocketClient } from '../test/support/web-socket-client.js';
import { RunningExample } from './running-example.js';

/** Starting Node with a TypeScript loader takes a while on a busy machine. */
const TIMEOUT = 60_000;

describe('examples', function () {
  this.timeout(TIMEOUT);
  const closing: (() => unknown)[] = [];

  async function start(...args: Parameters<typeof RunningExample.start>): Promise<RunningExample> {
    const example = await RunningExample.start(...args);
    closing.push(() => example.stop());
    return example;
  }

  async function open(base: URL | string, path: string): Promise<WebSocketClient> {
    const client = await WebSocketClient.open(new URL(path, base));
    closing.push(() => client.terminate());
    return client;
  }

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  for (const name of ['express-stream', 'plain-node']) {
    it(`${name}: a held client gets what is published`, async () => {
      const running = await start(name);
      const stream = await running.get(running.url.pathname);
      assert.equal(await stream.until('\n'), '[open]\n');
      const receipt = JSON.parse(await running.post(running.url.pathname, 'hello'));
      assert.deepEqual(receipt, { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 });
      assert.equal(await stream.until('\n'), 'hello\n');
    });
  }

  for (const origin of [[], ['python3', 'origin.py']]) {
    it(`legacy-origin: a client is held for a server behind, ${origin[0] ?? 'node'}`, async function () {
      const [command] = origin;
      if (command !== undefined && spawnSync(command, ['--version']).error !== undefined) this.skip();
      const running = await start('legacy-origin', origin);
      const stream = await running.get('/');
      assert.equal(stream.head.headers['grip-hold'], undefined);
      assert.equal(await stream.until('\n'), '[open]\n');
      assert.equal(await running.post('/', 'hello'), 'Published\n');
      assert.equal(await stream.until('\n'), 'hello\n');
    });
  }

  it('koa-long-poll: a poll is answered when the count changes', async () => {
    const running = await start('koa-long-poll');
    assert.equal(await running.getText('/count'), '{"count":0}');
    const poll = running.poll('/count?after=0');
    await poll.sent;
    const posted = JSON.parse(await running.post('/count', ''));
    assert.equal(posted.receipt.delivered, 1);
    assert.deepEqual(await poll.answer, { count: 1 });
    assert.equal(await running.getText('/count?after=0'), '{"count":1}', 'who comes late is told at once');
  });

  it('express-reliable-stream: an item that was never published is recovered by the next link', async () => {
    const running = await start('express-reliable-stream');
    await running.post('/log', 'zero');
    const stream = await running.get('/log');
    assert.equal(await stream.until('\n'), '1 zero\n');
    await running.post('/log', 'one');
    assert.equal(await stream.until('\n'), '2 one\n');
    await running.post('/log?lose', 'two');
    const { receipt } = JSON.parse(await running.post('/log', 'three'));
    assert.equal(receipt.queued, 1);
    assert.equal(await stream.until('4 three\n'), '3 two\n4 three\n');
    await running.post('/log', 'four');
    assert.equal(await stream.until('\n'), '5 four\n');
  });

  it('express-reliable-stream: a client goes on where its connection broke', async () => {
    const running = await start('express-reliable-stream');
    const first = await running.get('/log');
    await running.post('/log', 'one');
    assert.equal(await first.until('\n'), '1 one\n');
    first.close();
    await running.post('/log', 'two');
    const second = await running.get('/log?after=1');
    assert.equal(await second.until('\n'), '2 two\n');
  });

  it('express-chat-sse: listeners get messages as events, and what they missed when they return', async () => {
    const running = await start('express-chat-sse');
    assert.match(await running.getText('/'), /new EventSource/);
    const first = await running.get('/events');
    assert.match(first.head.headers['content-type'] ?? '', /^text\/event-stream/);
    await first.until(':\n\n');
    await say(running, 'hello');
    const event = await first.until('\n\n');
    assert.match(event, /^id: \d+\ndata: \{.*"text":"hello"\}\n\n$/);
    first.close();
    await say(running, 'is anybody there?');
    const lastEventId = /^id: (\d+)/.exec(event)?.[1] ?? '';
    const second = await running.get('/events', { headers: { 'Last-Event-ID': lastEventId } });
    assert.match(await second.until('}\n\n'), /^:\n\nid: \d+\ndata: \{.*"text":"is anybody there\?"\}\n\n$/);
  });

  it('express-chat-websocket: everybody hears what is said, newcomers what was said', async () => {
    const running = await start('express-chat-websocket');
    assert.match(await running.getText('/'), /new WebSocket/);
    const ann = await open(running.url, '/chat');
    const bob = await open(running.url, '/chat');
    ann.send('{"name": "ann", "text": "hello", "more": "x"}');
    for (const client of [ann, bob])
      assert.deepEqual(await client.nextJson(), { name: 'ann', text: 'hello' });
    ann.send('no message');
    bob.socket.close(1001);
    assert.equal(await bob.next(), 'close 1001');
    const late = await open(running.url, '/chat');
    assert.deepEqual(await late.nextJson(), { name: 'ann', text: 'hello' });
    assert.match(await running.post('/chat', 'hello'), /for WebSockets/);
  });

  it('express-chat-websocket: it is the same behind a GRIP proxy', async () => {
    const server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0 }],
      control: { port: 0, key: 'secret' },
      proxy: { sigKey: 'changeme' },
      routes: [{ target: { url: 'http://localhost:80', overHttp: true } }],
    });
    closing.push(() => server.close());
    await server.start();
    const GRIP_URL = `${server.controlUrl}/?key=secret&verify-key=changeme`;
    const running = await start('express-chat-websocket', [], { GRIP_URL });
    server.proxy.setRoutes([{ target: { url: running.url.origin, overHttp: true } }]);
    const [front = ''] = server.urls;
    const ann = await open(front, '/chat');
    const bob = await open(front, '/chat');
    ann.send('{"name": "ann", "text": "hello"}');
    for (const client of [ann, bob])
      assert.deepEqual(await client.nextJson(), { name: 'ann', text: 'hello' });
    assert.equal(server.proxy.stats().sessions, 2);
  });

  it('koa-websocket: all are told who is here, when somebody comes, goes or is lost', async () => {
    const running = await start('koa-websocket');
    await assert.rejects(open(running.url, '/here'), /400/);
    const ann = await open(running.url, '/here?name=ann');
    assert.deepEqual(await ann.nextJson(), ['ann']);
    const bob = await open(running.url, '/here?name=bob');
    assert.deepEqual(await bob.nextJson(), ['ann', 'bob']);
    assert.deepEqual(await ann.nextJson(), ['ann', 'bob']);
    ann.send('Who am I?');
    assert.equal(await ann.next(), 'text You are ann.');
    bob.terminate();
    assert.deepEqual(await ann.nextJson(), ['ann']);
    const cleo = await open(running.url, '/here?name=cleo');
    assert.deepEqual(await ann.nextJson(), ['ann', 'cleo']);
    await cleo.close();
    assert.deepEqual(await ann.nextJson(), ['ann']);
  });

  it('legacy-websocket: messages pass, and what is published reaches the clients of the server behind', async () => {
    const running = await start('legacy-websocket');
    const client = await open(running.url, '/');
    client.send('hello');
    assert.equal(await client.next(), 'text You said: hello');
    const receipt = JSON.parse(await running.post('/news', 'hello, all'));
    assert.equal(receipt.delivered, 1);
    assert.equal(await client.next(), 'text hello, all');
    client.socket.close(4000, 'done');
    assert.equal(await client.next(), 'close 4000 done');
  });

  for (const transport of ['websocket', 'xhr-streaming', 'xhr-polling']) {
    it(`sockjs-chat: SockJS clients and WebSockets talk to each other, ${transport}`, async () => {
      const running = await start('sockjs-chat');
      assert.match(await running.getText('/sockjs.js'), /sockjs-client v1\.6\.1/);
      const sockjs = new SockJS(`${running.url}chat/sockjs`, null, { transports: transport });
      closing.push(() => sockjs.close());
      await new Promise((resolve) => sockjs.addEventListener('open', resolve));
      const heard = once(sockjs as unknown as EventTarget, 'message');
      const plain = await open(running.url, '/chat');
      sockjs.send('hello');
      assert.equal(await plain.next(), 'text hello');
      assert.equal((await heard)[0].data, 'hello');
    });
  }
});

function say(running: RunningExample, text: string): Promise<string> {
  return running.post('/messages', JSON.stringify({ name: 'ann', text }), 'application/json');
}
