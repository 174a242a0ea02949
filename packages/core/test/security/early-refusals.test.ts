import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { GripProxy, type GripProxyOptions, type RouteOptions } from '@p-8/core';
import { eventually, settle, stalls } from '../../../../test/support/eventually.js';
import { field } from '../../../../test/support/http-reply.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';

const MB = 1_000_000;
const BODY = Buffer.alloc(10 * MB, 'x');
const EVENTS = 'Content-Type: application/websocket-events';

describe('a refusal of a request whose body has not come', () => {
  const stage = useStage();
  let proxy: GripProxy;
  let clock: ManualClock;
  /** The server's end of the last connection. */
  let connection: net.Socket;
  const clients: RawClient[] = [];

  /** A proxy whose control API is below /control, and which is the origin itself where it has no target. */
  async function listen(options: GripProxyOptions = {}): Promise<number> {
    clock = new ManualClock();
    proxy = new GripProxy({ clock, ...options });
    const handle = proxy.controlApi({ key: 'secret', path: '/control', maxBodySize: 1000 });
    const app = proxy.wrap((_req, res) => res.end('app'));
    const server = http.createServer((req, res) => {
      if (req.url?.startsWith('/control') === true) handle(req, res);
      else if (options.routes === undefined) app(req, res);
      else proxy.handle(req, res);
    });
    proxy.attach(server);
    server.on('connection', (socket) => {
      connection = socket;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stage().onClose(async () => {
      for (const client of clients.splice(0)) client.destroy();
      await proxy.close();
      assert.equal(clock.pending, 0);
      server.close().closeAllConnections();
    });
    return (server.address() as AddressInfo).port;
  }

  /** `halfOpen`: does not close only because the other side has. */
  async function connect(port: number, halfOpen = false): Promise<RawClient> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: halfOpen });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    clients.push(client);
    return client;
  }

  /** Sends all before it reads anything, as simple clients do. */
  async function sendAll(client: RawClient, line: string, fields: readonly string[]): Promise<void> {
    client.socket.pause();
    client.request(line, fields, BODY);
    if (client.socket.writableLength > 0) await once(client.socket, 'drain');
    client.socket.resume();
  }

  const elsewhere: RouteOptions[] = [{ host: 'elsewhere', target: 'http://127.0.0.1:9' }];
  const overHttp: RouteOptions[] = [{ target: { url: 'http://127.0.0.1:9', overHttp: true } }];
  const AUTH = 'Authorization: Bearer secret';

  const cases: [name: string, status: number, line: string, fields: string[], options?: GripProxyOptions][] =
    [
      ['that no route takes', 502, 'POST /', [], { routes: elsewhere }],
      ['with two hosts', 400, 'POST /', ['Host: a', 'Host: b'], { routes: elsewhere }],
      ['that carries events', 403, 'POST /', [EVENTS], { routes: overHttp }],
      ['that carries events, for an app', 403, 'POST /', [EVENTS]],
      ['that has been here', 508, 'POST /', ['CDN-Loop: p-8'], { routes: overHttp, cdnLoop: 'p-8' }],
      ['to the control API, without a key', 401, 'POST /control/publish', []],
      ['to the control API, too large', 413, 'POST /control/publish', [AUTH]],
      ['to the control API, by a wrong method', 405, 'PUT /control/publish', [AUTH]],
      ['to the control API, where there is nothing', 404, 'POST /control/else', [AUTH]],
      ['to the control API, that accepts nothing', 406, 'POST /control/publish', [AUTH, 'Accept: image/png']],
      [
        'to SockJS, where there is no session',
        404,
        'POST /sockjs/0/s/xhr_send',
        [],
        { sockjs: '/sockjs', maxMessageBytes: 9 },
      ],
      ['to SockJS, by a wrong method', 405, 'PUT /sockjs/0/s/xhr_send', [], { sockjs: '/sockjs' }],
      [
        'to SockJS, of a foreign page',
        403,
        'POST /sockjs/0/s/xhr',
        ['Origin: http://a'],
        { sockjs: '/sockjs', origins: [] },
      ],
    ];
  for (const [name, status, line, fields, options] of cases) {
    for (const option of ['close', 'keep-alive']) {
      it(`reaches the client: ${name}, ${option}`, async () => {
        const client = await connect(await listen(options));
        await sendAll(client, line, [...fields, `Connection: ${option}`]);
        const reply = await client.reply();
        assert.equal(reply.status, status);
        if (field(reply, 'connection') === 'close') {
          assert.equal(await client.closed(), 'ended');
        }
      });
    }
  }

  it('reaches a client that sends chunks', async () => {
    const client = await connect(await listen());
    client.request('POST /control/publish', [AUTH, 'Transfer-Encoding: chunked', 'Connection: close']);
    client.socket.pause();
    for (let i = 0; i < 10; i++) {
      client.write(`${MB.toString(16)}\r\n`);
      client.write(BODY.subarray(0, MB));
      client.write('\r\n');
    }
    client.write('0\r\n\r\n');
    if (client.socket.writableLength > 0) await once(client.socket, 'drain');
    client.socket.resume();
    assert.equal((await client.reply()).status, 411);
    assert.equal(await client.closed(), 'ended');
  });

  it('leaves the connection open for the next request where nothing is against it', async () => {
    const client = await connect(await listen({ routes: elsewhere }));
    await sendAll(client, 'POST /', []);
    assert.equal((await client.reply()).status, 502);
    client.request('GET /');
    assert.equal((await client.reply(1)).status, 502);
    await settle();
    assert.equal(clock.pending, 0);
    clock.advance(60_000);
    await settle();
    client.request('GET /');
    assert.equal((await client.reply(2)).status, 502);
    assert.equal(proxy.limits().unreadBody, 0);
  });

  it('is followed by no other request on a connection that is closed', async () => {
    let count = 0;
    const origin = await stage().origin((res) => {
      count++;
      res.end();
    });
    const client = await connect(await listen({ routes: [{ target: origin.url }] }));
    client.request('POST /', ['Host: a', 'Host: b', 'Content-Length: 5']);
    assert.equal((await client.reply()).status, 400);
    client.write('12345GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    client.socket.end();
    await client.closed();
    await settle();
    assert.equal(count, 0);
  });

  for (const option of ['close', 'keep-alive']) {
    it(`does not keep a connection on which the body never ends: ${option}`, async () => {
      const client = await connect(await listen({ routes: elsewhere, lingerTimeout: 3000 }), true);
      client.request('POST /', [`Content-Length: ${BODY.length}`, `Connection: ${option}`], 'some');
      assert.equal((await client.reply()).status, 502);
      await settle();
      clock.advance(2500);
      client.write('more');
      await settle();
      assert.equal(connection.destroyed, false);
      assert.equal(proxy.limits().unreadBody, 0);
      clock.advance(1000);
      await eventually(() => connection.destroyed, 'the end');
      assert.equal(proxy.limits().unreadBody, 1);
    });

    it(`reads no more than it may: ${option}`, async () => {
      const client = await connect(await listen({ routes: elsewhere, lingerBytes: 5 * MB }), true);
      client.socket.pause();
      client.request('POST /', [`Content-Length: ${100 * MB}`, `Connection: ${option}`]);
      let sent = 0;
      const pump = (): void => {
        while (sent < 90 * MB && client.socket.write(BODY.subarray(0, 65_536))) sent += 65_536;
      };
      client.socket.on('drain', () => {
        pump();
        clock.advance(250);
      });
      pump();
      await eventually(() => connection.destroyed, 'the end');
      assert.equal(proxy.limits().unreadBody, 1);
      assert(sent < 60 * MB, `${sent} bytes`);
    });
  }

  it('lets a client take its time for a long response', async () => {
    const large = Buffer.alloc(12 * MB, 'y');
    const origin = await stage().origin((res) => res.setHeader('Content-Length', large.length).end(large));
    const client = await connect(await listen({ routes: [{ target: origin.url }] }));
    client.socket.pause();
    client.request('POST /', ['Content-Length: 10'], 'x');
    await stalls(() => origin.requests[0]?.res.socket?.bytesWritten ?? 0);
    clock.advance(20_000);
    client.socket.resume();
    await client.bytes(large.length);
    assert.equal((await client.reply()).body.length, large.length);
  });

  it('of a handshake reaches a client that goes on sending', async () => {
    const client = await connect(await listen({ routes: elsewhere }));
    client.socket.pause();
    client.request(
      'GET /',
      ['Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${BODY.length}`],
      BODY,
    );
    if (client.socket.writableLength > 0) await once(client.socket, 'drain');
    client.socket.resume();
    assert.equal((await client.reply()).status, 426);
    assert.equal(await client.closed(), 'ended');
  });

  it('is answered 408 where a publisher stops in the midst of its items', async () => {
    const client = await connect(await listen());
    client.request('POST /control/publish', [AUTH, 'Content-Length: 100'], '{"items":');
    await settle(50);
    clock.advance(75_000);
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.body}`, '408 Request took too long.\n');
    assert.equal(proxy.limits().stalledUpload, 1);
  });
});
