import assert from 'node:assert/strict';
import { P8Server } from 'p-8';
import { WebSocketClient } from '../../../test/support/web-socket-client.js';
import { Stream } from './support/stream.js';

describe('the demo', () => {
  let server: P8Server;
  let url: string;
  const streams: Stream[] = [];
  const sockets: WebSocketClient[] = [];
  beforeEach(async () => {
    server = new P8Server({ listen: [{ host: '127.0.0.1', port: 0 }], control: { port: 0 }, demo: true });
    await server.start();
    url = server.urls[0] ?? '';
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    for (const socket of sockets.splice(0)) socket.terminate();
    await server.close();
  });
  const open = async (path: string, headers: Record<string, string> = {}): Promise<Stream> => {
    const stream = await Stream.open(url + path, headers);
    streams.push(stream);
    return stream;
  };
  const openSocket = async (): Promise<WebSocketClient> => {
    const socket = await WebSocketClient.open(`${url}/chat`);
    sockets.push(socket);
    return socket;
  };
  const post = (path: string, body: string): Promise<Response> => fetch(url + path, { method: 'POST', body });

  it('has a page that needs nothing else', async () => {
    const response = await fetch(url);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const html = await response.text();
    assert.ok(
      html.includes(`<script type="application/json" id="config">{"controlUrl":"${server.controlUrl}",`),
    );
    assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
  });

  it('has a clock', async () => {
    const clock = await open('/clock');
    assert.equal(clock.response.headers.get('content-type'), 'text/event-stream');
    const events = await clock.until(/(event: clock\ndata: \S+Z\n\n){2}/);
    assert.ok(Math.abs(Date.parse(/data: (\S+)/.exec(events)?.[1] ?? '') - Date.now()) < 5000);
  });

  it('has a chat', async () => {
    const first = await open('/chat');
    assert.equal((await post('/chat', '{"name": "Ada", "text": " hello\\nall "}')).status, 200);
    const event = /^event: chat\nid: (\d+)\ndata: \{"id":\1,"name":"Ada","text":"hello\\nall"\}\n\n/m;
    await first.until(event);
    const late = await open('/chat');
    await late.until(event);
    assert.equal((await post('/chat', 'from curl')).status, 200);
    await first.until(/"name":"somebody","text":"from curl"/);
  });

  it('sends to a client that comes back what it has missed', async () => {
    const first = await open('/chat');
    await post('/chat', 'one');
    const id = /id: (\d+)/.exec(await first.until(/"one"/))?.[1] ?? '';
    await post('/chat', 'two');
    const second = await open('/chat', { 'Last-Event-ID': id });
    assert.doesNotMatch(await second.until(/"two"/), /"one"/);
  });

  it('has the same chat for WebSockets', async () => {
    const ada = await openSocket();
    assert.deepEqual(await ada.nextJson(), { here: 1 });
    const events = await open('/chat');
    ada.send('{"name": "Ada", "text": "hello"}');
    const said = await ada.next();
    assert.match(said, /"name":"Ada","text":"hello"/);
    await events.until(/"name":"Ada","text":"hello"/);
    const bob = await openSocket();
    assert.equal(await bob.next(), said, 'newcomers see what was said');
    assert.equal((await post('/chat', 'from curl')).status, 200);
    assert.deepEqual(await bob.nextJson(), { here: 2 });
    assert.match(await bob.next(), /"name":"somebody","text":"from curl"/);
  });

  it('tells the WebSockets of the chat how many there are', async () => {
    const stays = await openSocket();
    assert.deepEqual(await stays.nextJson(), { here: 1 });
    const leaves = await openSocket();
    assert.deepEqual(await stays.nextJson(), { here: 2 });
    await leaves.close();
    assert.deepEqual(await stays.nextJson(), { here: 1 });
    const vanishes = await openSocket();
    assert.deepEqual(await stays.nextJson(), { here: 2 });
    vanishes.terminate();
    assert.deepEqual(await stays.nextJson(), { here: 1 });
  });

  it('takes no WebSocket events from clients', async () => {
    const headers = { 'Content-Type': 'application/websocket-events', 'Connection-Id': '1' };
    const response = await fetch(`${url}/chat`, { method: 'POST', headers, body: 'OPEN\r\n' });
    assert.equal(response.status, 403);
  });

  it('refuses what is no message', async () => {
    assert.equal((await post('/chat', '{"name": "Ada"}')).status, 400);
    assert.equal((await post('/chat', '  ')).status, 400);
    assert.equal((await post('/chat', 'x'.repeat(5000))).status, 413);
  });

  it('has a counter for long-polls', async () => {
    const count = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
    assert.deepEqual(await count('/poll'), { count: 0 });
    const first = count('/poll?after=0');
    const second = count('/poll?after=0');
    // Whether the polls are held by now or not: they learn of it.
    assert.deepEqual(await (await post('/poll', '')).json(), { count: 1 });
    assert.deepEqual(await Promise.all([first, second]), [{ count: 1 }, { count: 1 }]);
  });

  it('has clock and chat on one connection', async () => {
    const live = await open('/live');
    await post('/chat', 'hello');
    const events = await live.until(/event: chat[\s\S]*event: clock/);
    assert.match(events, /^event: clock\n/);
  });

  it('streams what is published with curl', async () => {
    const stream = await open('/stream');
    assert.equal(stream.response.headers.get('content-type'), 'text/plain; charset=utf-8');
    await stream.until(/^\[stream opened\]\n$/);
    const item = { channel: 'news', formats: { 'http-stream': { content: 'hello\n' } } };
    // As `curl -d` sends it.
    const response = await fetch(`${server.controlUrl}/publish/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: JSON.stringify({ items: [item] }),
    });
    assert.equal(await response.text(), 'Published\n');
    await stream.until(/^\[stream opened\]\nhello\n$/);
  });

  it('streams the channel that is asked for', async () => {
    const stream = await open('/stream?channel=weather');
    await stream.until(/opened/);
    await server.proxy.publish('weather', { 'http-stream': 'sun\n' });
    await stream.until(/^\[stream opened\]\nsun\n$/);
    assert.equal((await fetch(`${url}/stream?channel=a%2Cb`)).status, 400);
  });

  it('says what it has', async () => {
    const response = await fetch(`${url}/other`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /\/stream/);
  });

  it('leaves no timer when it closes', async () => {
    await open('/clock');
    const socket = await openSocket();
    await socket.next();
    await server.close();
    assert.equal(await socket.next(), 'close 1012');
    assert.equal(server.proxy.stats().timers, 0);
    assert.equal(server.proxy.stats().sessions, 0);
  });
});
