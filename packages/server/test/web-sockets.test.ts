import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { P8Server, type P8ServerOptions, parseRouteLines } from 'p-8';
import { WebSocketServer } from 'ws';
import { WebSocketClient } from '../../../test/support/web-socket-client.js';
import { EventsOrigin, ROOM } from './support/events-origin.js';
import { Sandbox } from './support/sandbox.js';

const CERTIFICATES = fileURLToPath(new URL('./fixtures/certs', import.meta.url));

describe('WebSockets through a P8Server', () => {
  const sandbox = new Sandbox();
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A server with routes as lines. */
  const start = async (lines: readonly string[], options: P8ServerOptions = {}): Promise<P8Server> => {
    const server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0 }],
      control: { port: 0 },
      routesFile: sandbox.write('routes', `${lines.join('\n')}\n`),
      ...options,
    });
    closing.push(() => server.close());
    await server.start();
    return server;
  };
  const open = async (server: P8Server, path: string, protocols: string[] = []): Promise<WebSocketClient> => {
    const client = await WebSocketClient.open(`${server.urls[0]}${path}`, {
      protocols,
      rejectUnauthorized: false,
    });
    closing.push(() => client.terminate());
    return client;
  };
  const eventsOrigin = async (): Promise<EventsOrigin> => {
    const origin = await EventsOrigin.listen();
    closing.push(() => origin.close());
    return origin;
  };
  /** A server that speaks WebSocket itself, and echoes. Gives `127.0.0.1:PORT`. */
  const directOrigin = async (): Promise<{ host: string; server: WebSocketServer }> => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    closing.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, 'listening');
    return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  };
  const publish = async (server: P8Server, content: string): Promise<string> => {
    const item = { channel: ROOM, formats: { 'ws-message': { content } } };
    const response = await fetch(`${server.controlUrl}/publish/`, {
      method: 'POST',
      body: JSON.stringify({ items: [item] }),
    });
    return response.text();
  };

  describe('with over_http', () => {
    it('are requests with events for the origin, and get what is published', async () => {
      const origin = await eventsOrigin();
      const server = await start([`* ${origin.host},over_http`]);
      const client = await open(server, '/chat?room=1');
      assert.equal(await origin.seen.next(), 'OPEN /chat?room=1');
      client.send('hello');
      assert.equal(await client.next(), 'text hello');
      assert.equal(await publish(server, 'from outside'), 'Published\n');
      assert.equal(await client.next(), 'text from outside');
      client.socket.close(4001, 'enough');
      assert.equal(await client.next(), 'close 4001 enough');
      assert.deepEqual(await origin.seen.take(2), ['text hello', 'CLOSE']);
    });

    it('cannot be forged by a client that sends events itself', async () => {
      const origin = await eventsOrigin();
      const server = await start([`* ${origin.host},over_http`, 'test.example test']);
      for (const headers of [{}, { Host: 'test.example' }]) {
        const response = await fetch(`${server.urls[0]}/ws`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/websocket-events', 'Connection-Id': '1' },
          body: 'OPEN\r\n',
        });
        assert.equal(response.status, 403);
      }
      assert.deepEqual(origin.seen.all, []);
    });

    it('end with a DISCONNECT when a client is lost', async () => {
      const origin = await eventsOrigin();
      const server = await start([`* ${origin.host},over_http`]);
      const client = await open(server, '/');
      client.terminate();
      assert.deepEqual(await origin.seen.take(2), ['OPEN /', 'DISCONNECT']);
    });
  });

  it('reach an origin that speaks WebSocket itself', async () => {
    const { host } = await directOrigin();
    const server = await start([`* ${host}`]);
    const client = await open(server, '/', ['chat']);
    assert.equal(client.socket.protocol, 'chat');
    client.send('hello');
    client.send(Buffer.from([0, 255]));
    assert.equal(await client.next(), 'text hello');
    assert.equal(await client.next(), 'binary 00ff');
  });

  it('pass byte by byte where the route has no_grip', async () => {
    const { host } = await directOrigin();
    const server = await start([`*,no_grip ${host}`]);
    const client = await open(server, '/');
    client.send('hello');
    assert.equal(await client.next(), 'text hello');
    assert.equal(server.proxy.stats().sessions, 0);
  });

  it('can have a route of their own', async () => {
    const origin = await eventsOrigin();
    const server = await start(['* test', `*,proto=ws ${origin.host},over_http`]);
    await open(server, '/ws');
    assert.equal(await origin.seen.next(), 'OPEN /ws');
    assert.equal(await (await fetch(`${server.urls[0]}/`)).text(), 'Hello from the Pushpin test handler!\n');
  });

  it('can be spoken as SockJS, which the origin sees as WebSockets', async () => {
    const origin = await eventsOrigin();
    const server = await start([`*,sockjs=/sockjs,sockjs_as_path=/chat ${origin.host},over_http`]);
    const client = await open(server, '/sockjs/0/abc/websocket');
    assert.equal(await origin.seen.next(), 'OPEN /chat');
    assert.equal(await client.next(), 'text o');
    client.send('["hello"]');
    assert.equal(await client.next(), 'text a["hello"]');
    const info = await fetch(`${server.urls[0]}/sockjs/info`);
    assert.equal(info.status, 200);
    const iframe = await (await fetch(`${server.urls[0]}/sockjs/iframe.html`)).text();
    assert.match(iframe, /sockjs-client@1\.6\.1/);
  });

  it('are compressed where that is allowed', async () => {
    const server = await start(['* test'], { proxy: { compression: true } });
    const client = await open(server, '/ws');
    assert.match(client.headers['sec-websocket-extensions'] ?? '', /^permessage-deflate/);
    client.send('x'.repeat(5000));
    assert.equal(await client.next(), `text ${'x'.repeat(5000)}`);
  });

  describe('to the target test', () => {
    it('are echoed, and get what is published to the channels that they name', async () => {
      const server = await start(['*,path_beg=/t test']);
      const client = await open(server, '/t/ws?channel=a&channel=b');
      client.send('hello');
      client.send(Buffer.from([1]));
      assert.deepEqual([await client.next(), await client.next()], ['text hello', 'binary 01']);
      await server.proxy.publish('b', { 'ws-message': 'pushed' });
      assert.equal(await client.next(), 'text pushed');
      client.socket.close(4002, 'bye');
      assert.equal(await client.next(), 'close 4002 bye');
    });

    it('are subscribed to the channel test unless they name others', async () => {
      const server = await start(['* test']);
      const client = await open(server, '/ws/');
      await server.proxy.publish('test', { 'ws-message': 'pushed' });
      assert.equal(await client.next(), 'text pushed');
    });

    it('are refused where it has none', async () => {
      const server = await start(['* test']);
      await assert.rejects(open(server, '/other'), /Unexpected server response: 404/);
    });
  });

  it('come by TLS as well', async () => {
    const listen = [{ host: '127.0.0.1', port: 0, tls: true }];
    const server = await start(['*,ssl=yes test'], { listen, certificates: CERTIFICATES });
    const client = await open(server, '/ws');
    client.send('hello');
    assert.equal(await client.next(), 'text hello');
  });

  it('come by a Unix socket as well', async () => {
    const path = `${sandbox.path}/p8.sock`;
    const server = await start(['* test'], { listen: [{ path }] });
    const client = await WebSocketClient.open(`ws+unix:${path}:/ws`);
    client.send('hello');
    assert.equal(await client.next(), 'text hello');
    await server.close();
    assert.equal(await client.next(), 'close 1012');
  });

  it('keep their route when the routes change', async () => {
    const first = await eventsOrigin();
    const second = await eventsOrigin();
    const server = await start([`* ${first.host},over_http`]);
    const client = await open(server, '/');
    const lines = parseRouteLines([`* ${second.host},over_http`]);
    server.proxy.setRoutes(lines.routes);
    client.send('hello');
    assert.equal(await client.next(), 'text hello');
    assert.deepEqual(await first.seen.take(2), ['OPEN /', 'text hello']);
    await open(server, '/new');
    assert.equal(await second.seen.next(), 'OPEN /new');
  });

  it('are closed with 1012 when the server closes, and keep nothing waiting', async () => {
    const events = await eventsOrigin();
    const direct = await directOrigin();
    const server = await start([
      `*,path_beg=/events ${events.host},over_http`,
      `*,path_beg=/direct ${direct.host}`,
      `*,path_beg=/tunnel,no_grip ${direct.host}`,
      '* test',
    ]);
    const paths = ['/events', '/direct', '/ws'];
    const clients = await Promise.all(paths.map((path) => open(server, path)));
    const tunnelled = await open(server, '/tunnel');
    const begun = Date.now();
    await server.close();
    // Long before the time that clients have who do not answer.
    assert.ok(Date.now() - begun < 4000, 'no time-out was waited for');
    const ends = await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual(ends, ['close 1012', 'close 1012', 'close 1012']);
    // Nobody knows what is said in a tunnel.
    assert.equal(await tunnelled.next(), 'close 1006');
    const { sessions, channels, timers, upstreamRequests } = server.proxy.stats();
    assert.deepEqual([sessions, channels, timers, upstreamRequests], [0, 0, 0, 0]);
    assert.deepEqual(await events.seen.take(2), ['OPEN /events', 'CLOSE']);
  });

  it('are not opened any more while the server closes', async () => {
    const server = await start(['* test']);
    await server.close();
    await assert.rejects(open(server, '/ws'), /ECONNREFUSED/);
  });
});
