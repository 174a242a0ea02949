import assert from 'node:assert/strict';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { bodyOf } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { HANDSHAKE, WsClient } from '../../../test/support/ws-client.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];

describe('a proxy attached to a server', () => {
  const stage = useStage();

  /** An origin that tells what it was asked, and lets WebSockets in. */
  async function start(): Promise<WebSocketBench> {
    return await WebSocketBench.overHttp(stage(), (text, { method, url, headers }) =>
      headers['content-type'] === 'application/websocket-events'
        ? 'OPEN\r\n'
        : { type: 'text/plain', body: `${method} ${url} ${text}` },
    );
  }

  async function raw(bench: WebSocketBench): Promise<RawClient> {
    return await stage().client(bench.server);
  }

  it('serves a request that offers to upgrade to HTTP/2 as a plain one', async () => {
    const bench = await start();
    const client = await raw(bench);
    client.request('GET /a?b=c', [...H2C, 'X-Own: yes']);
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.body}`, '200 GET /a?b=c ');
    const { headers } = bench.origin.requests[0] ?? {};
    assert.equal(headers?.['x-own'], 'yes');
    assert.equal(headers?.upgrade, undefined);
    assert.equal(headers?.['http2-settings'], undefined);
  });

  it('serves such a request with what else its Connection field says', async () => {
    const bench = await start();
    const client = await raw(bench);
    const fields = ['Connection: X-Hop, Upgrade', 'Connection: close', 'Upgrade: h2c', 'X-Hop: secret'];
    client.request('GET /a', fields);
    assert.equal((await client.reply()).status, 200);
    assert.equal(bench.origin.requests[0]?.headers['x-hop'], undefined);
    assert.equal(await client.closed(), 'ended');
  });

  it('serves no such request that no plain one may be', async () => {
    const bench = await start();
    for (const fields of [
      ['Host: a', 'Host: b'],
      ['Host: a', 'Transfer-Encoding: gzip, chunked'],
      ['Host: a/b'],
    ]) {
      const client = await raw(bench);
      client.request('POST /a', ['Connection: Upgrade', 'Upgrade: h2c', ...fields]);
      assert.equal((await client.reply()).status, 400);
    }
    assert.equal(bench.origin.requests.length, 0);
  });

  it('serves such a request with its body, and those that follow on its connection', async () => {
    const bench = await start();
    const client = await raw(bench);
    client.request('POST /a', H2C, 'a body');
    assert.equal(String((await client.reply()).body), 'POST /a a body');
    client.request('POST /b', H2C, 'x'.repeat(100_000));
    assert.equal((await client.reply(1)).body.length, 'POST /b '.length + 100_000);
    client.request('GET /c');
    assert.equal(String((await client.reply(2)).body), 'GET /c ');
    client.request('GET /d', HANDSHAKE);
    await eventually(
      () => client.text.includes('HTTP/1.1 101 '),
      () => client.text,
    );
  });

  it('serves such requests that come together', async () => {
    const bench = await start();
    const client = await raw(bench);
    const lines = ['GET /a', 'GET /b', 'GET /c'];
    for (const line of lines) client.request(line, H2C);
    for (const [i, line] of lines.entries()) assert.equal(String((await client.reply(i)).body), `${line} `);
    const { headers } = bench.origin.requests[1] ?? {};
    assert.equal(headers?.['http2-settings'], undefined);
  });

  it('leaves the decision about upgrades to the server, where Node asks it', async () => {
    const bench = await start();
    const server: Server & { shouldUpgradeCallback?: unknown } = bench.server.server;
    if (server.shouldUpgradeCallback === undefined) return;
    bench.proxy.attach(server);
    server.shouldUpgradeCallback = () => false;
    const client = await raw(bench);
    client.request('GET /a', HANDSHAKE);
    assert.equal((await client.reply()).status, 200);
  });

  it('serves such a request whose body comes later', async () => {
    const bench = await start();
    const client = await raw(bench);
    client.request('POST /a', [...H2C, 'Transfer-Encoding: chunked']);
    await settle();
    client.write('3\r\nabc\r\n');
    await bench.origin.bodyWith('abc');
    client.write('3\r\ndef\r\n0\r\n\r\n');
    assert.equal(String((await client.reply()).body), 'POST /a abcdef');
  });

  for (const offer of ['websocket, h2c', 'h2c, websocket', 'websocket/13']) {
    it(`serves an upgrade to '${offer}' as a plain request`, async () => {
      const bench = await start();
      const client = await raw(bench);
      client.request(
        'GET /a',
        HANDSHAKE.map((line) => line.replace('Upgrade: websocket', `Upgrade: ${offer}`)),
      );
      assert.equal((await client.reply()).status, 200);
    });
  }

  it('takes WebSockets whatever the letter case', async () => {
    const bench = await start();
    const client = await raw(bench);
    client.request(
      'GET /a',
      HANDSHAKE.map((line) => line.replace('Upgrade: websocket', 'UPGRADE: WebSocket')),
    );
    await eventually(
      () => client.text.includes('HTTP/1.1 101 '),
      () => client.text,
    );
  });

  it('serves what its filter does not want as a plain request', async () => {
    const bench = await start();
    const { server } = bench.server;
    bench.proxy.attach(server, { filter: (req) => req.url !== '/mine' });
    const refused = await bench.ask('/mine');
    assert.equal(String((await refused.raw.reply()).body), 'GET /mine ');
    await bench.open('/yours');
  });

  it('leaves what its filter does not want to others', async () => {
    const bench = await start();
    const { server } = bench.server;
    const taken: string[] = [];
    const listener = (req: IncomingMessage, socket: Duplex): void => {
      if (req.url !== '/mine') return;
      taken.push(req.url);
      socket.end('HTTP/1.1 101 Mine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    };
    server.on('upgrade', listener);
    bench.proxy.attach(server, { filter: (req) => req.url !== '/mine' });
    const mine = await bench.ask('/mine');
    assert.equal((await mine.opened()).reason, 'Mine');
    await bench.open('/yours');
    assert.deepEqual(taken, ['/mine']);
    assert.deepEqual(asked(bench), ['OPEN\r\n']);
  });

  it('leaves other protocols to others', async () => {
    const bench = await start();
    bench.server.server.on('upgrade', (req, socket) => {
      if (req.headers.upgrade === 'tls') socket.end('HTTP/1.1 101 Tls\r\nConnection: close\r\n\r\n');
    });
    const client = await raw(bench);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tls\r\n\r\n');
    await client.closed();
    assert.match(client.text, /^HTTP\/1\.1 101 Tls/);
    await bench.open();
  });

  it('takes each WebSocket once, however often it is attached', async () => {
    const bench = await start();
    for (let i = 0; i < 3; i++) bench.proxy.attach(bench.server.server);
    await bench.open();
    assert.equal(bench.server.server.listenerCount('upgrade'), 1);
    assert.deepEqual(asked(bench), ['OPEN\r\n']);
  });

  it('can be attached to several servers', async () => {
    const bench = await start();
    const second = await stage().proxy({ target: bench.origin.url });
    bench.proxy.attach(second.server);
    await WsClient.open(stage(), second);
    await bench.open();
    assert.equal(bench.proxy.stats().sessions, 2);
  });

  it('answers 503 while it is being closed, and after', async () => {
    const bench = await start();
    const silent = await bench.open();
    const closed = bench.proxy.close();
    const reply = await (await bench.ask()).raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '503 Closing.\n');
    silent.close(1012);
    await closed;
    assert.equal((await (await bench.ask()).raw.reply()).status, 503);
    assert(bench.origin.requests.every(({ method }) => method === 'POST'));
  });

  it('leaves the server alone once it is closed', async () => {
    const bench = await start();
    await bench.proxy.close();
    assert.equal(bench.server.server.listenerCount('upgrade'), 0);
  });

  it('of a filter that throws loses that connection, and no other', async () => {
    const errors: unknown[] = [];
    const ignore = (): void => {};
    const logger = {
      error: (fields: object) => errors.push(fields),
      warn: ignore,
      info: ignore,
      debug: ignore,
    };
    const bench = await WebSocketBench.overHttp(stage(), undefined, { proxy: { logger } });
    const first = await bench.open();
    bench.proxy.attach(bench.server.server, {
      filter: (req) => {
        if (req.url === '/bad') throw new Error('injected');
        return true;
      },
    });
    assert.equal(await (await bench.ask('/bad')).closed(), 'ended');
    assert.equal(errors.length, 1);
    await bench.open('/good');
    first.text('still here');
    await eventually(() => asked(bench).join('').includes('still here'), 'the first one is heard');
  });

  it('keeps what a client sends apart from what the proxy sends', async () => {
    const bench = await start();
    const client = await raw(bench);
    client.request('POST /a', ['Content-Type: application/websocket-events'], 'TEXT 2\r\nhi\r\n');
    assert.equal((await client.reply()).status, 403);
    assert.deepEqual(bench.origin.requests.map(bodyOf), []);
  });
});
