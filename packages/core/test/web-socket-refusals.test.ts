import assert from 'node:assert/strict';
import { event } from '../../../test/support/events-origin.js';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { onRequestHead } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { HANDSHAKE, WsClient } from '../../../test/support/ws-client.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

describe('a WebSocket handshake that is refused', () => {
  const stage = useStage();

  const wrong: [what: string, line: string, fields: string[], status: number, named?: [string, string]][] = [
    ['has no key', 'GET /ws', HANDSHAKE.filter((line) => !line.includes('Key')), 400],
    [
      'has a key of more than 220 bytes',
      'GET /ws',
      [...HANDSHAKE.filter((line) => !line.includes('Key')), `Sec-WebSocket-Key: ${'k'.repeat(221)}`],
      400,
    ],
    ['has a body', 'GET /ws', [...HANDSHAKE, 'Content-Length: 1'], 400],
    ['has a chunked body', 'GET /ws', [...HANDSHAKE, 'Transfer-Encoding: chunked'], 400],
    ['is a POST', 'POST /ws', HANDSHAKE, 405, ['Allow', 'GET']],
    [
      'is of another version',
      'GET /ws',
      [...HANDSHAKE.filter((line) => !line.includes('Version')), 'Sec-WebSocket-Version: 8'],
      426,
      ['Sec-WebSocket-Version', '13'],
    ],
    [
      'is of no version',
      'GET /ws',
      HANDSHAKE.filter((line) => !line.includes('Version')),
      426,
      ['Sec-WebSocket-Version', '13'],
    ],
    ['has two hosts', 'GET /ws', [...HANDSHAKE, 'Host: a', 'Host: b'], 400],
  ];
  for (const [what, line, fields, status, named] of wrong) {
    it(`is answered ${status} when it ${what}`, async () => {
      const bench = await WebSocketBench.overHttp(stage());
      const raw = await stage().client(bench.server);
      raw.request(line, fields);
      const reply = await raw.reply();
      assert.equal(reply.status, status);
      assert.match(String(reply.body), /^.+\n$/);
      assert.equal(field(reply, 'connection'), 'close');
      if (named !== undefined) assert.equal(field(reply, named[0]), named[1]);
      await raw.closed();
      assert.equal(bench.origin.requests.length, 0);
      assert.equal(bench.proxy.stats().sessions, 0);
    });
  }

  it('that an origin does not accept is answered with its response', async () => {
    const bench = await WebSocketBench.overHttp(stage(), () => ({
      status: 403,
      reason: 'No Way',
      type: 'text/html',
      fields: ['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Hop: no', 'Connection: X-Hop'],
      body: '<p>no</p>',
    }));
    const client = await bench.ask();
    const reply = await client.raw.reply();
    assert.equal(`${reply.status} ${reply.reason}`, '403 No Way');
    assert.equal(String(reply.body), '<p>no</p>');
    assert.equal(field(reply, 'content-type'), 'text/html');
    assert.deepEqual(fieldValues(reply, 'set-cookie'), ['a=1', 'b=2']);
    assert.equal(field(reply, 'x-hop'), undefined);
    assert.equal(await client.closed(), 'ended');
    assert.deepEqual(asked(bench), ['OPEN\r\n']);
  });

  const answers: [what: string, response: object, status: number, body: string][] = [
    ['a 200 that is no list of events', { type: 'text/plain', body: 'hello' }, 200, 'hello'],
    ['a 200 without a type', { type: null, body: 'OPEN\r\n' }, 200, 'OPEN\r\n'],
    ['a 200 of events of another kind', { type: 'application/websocket-events2' }, 200, ''],
    ['events with another status', { status: 201, body: 'OPEN\r\n' }, 201, 'OPEN\r\n'],
    ['a redirect, which is not followed', { status: 302, type: null }, 302, ''],
    ['an error', { status: 500, type: 'text/plain', body: 'oops' }, 500, 'oops'],
    ['a response without a body', { status: 204, type: null }, 204, ''],
  ];
  for (const [what, response, status, body] of answers) {
    it(`is answered with ${what}, as the origin does`, async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => ({ ...response, fields: ['X-Own: yes'] }));
      const client = await bench.ask();
      const reply = await client.raw.reply();
      assert.equal(reply.status, status);
      assert.equal(String(reply.body), body);
      assert.equal(field(reply, 'x-own'), 'yes');
      await client.closed();
    });
  }

  it('that an origin answers with a long body gets its first 100 kB', async () => {
    const long = Buffer.alloc(300_000, 'x');
    const bench = await WebSocketBench.overHttp(stage(), () => ({ status: 404, type: null, body: long }));
    const reply = await (await bench.ask()).raw.reply();
    assert.equal(reply.status, 404);
    assert.equal(field(reply, 'content-length'), '100000');
    assert.equal(reply.body.length, 100_000);
    assert.equal(field(reply, 'transfer-encoding'), undefined);
  });

  const failures: [what: string, answer: string | Uint8Array, detail: RegExp][] = [
    ['nothing', '', /no answer to OPEN/],
    ['an event that is not OPEN', event('TEXT', 'a'), /answered OPEN with TEXT/],
    ['CLOSE', 'CLOSE\r\n', /answered OPEN with CLOSE/],
    ['OPEN in lower case', 'open\r\n', /answered OPEN with open/],
    ['events that cannot be read', 'OPEN', /cannot be read/],
    ['events that cannot be read after OPEN', 'OPEN\r\nTEXT zz\r\n', /cannot be read/],
    ['more than is allowed', Buffer.alloc(1_048_576 + 65_537), /larger/],
  ];
  for (const [what, answer, detail] of failures) {
    it(`is answered 502 when the origin answers ${what}`, async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => answer);
      const reply = await (await bench.ask()).raw.reply();
      assert.equal(reply.status, 502);
      assert.equal(String(reply.body), 'Error while proxying to origin.\n');
    });

    it(`says what is wrong in debug mode, when the origin answers ${what}`, async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => answer, { route: { debug: true } });
      assert.match(String((await (await bench.ask()).raw.reply()).body), detail);
    });
  }

  it('is answered 502 when the origin accepts more bytes than it was offered', async () => {
    const fields = ['Content-Bytes-Accepted: 1'];
    const bench = await WebSocketBench.overHttp(stage(), () => ({ fields, body: 'OPEN\r\n' }));
    assert.equal((await (await bench.ask()).raw.reply()).status, 502);
  });

  it('is answered 502 when the origin hangs up', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (_text, { res }) => void res.destroy());
    assert.equal((await (await bench.ask()).raw.reply()).status, 502);
    assert.equal(bench.origin.requests.length, 1);
  });

  it('is answered 502 when the origin hangs up in its answer', async () => {
    const bench = await WebSocketBench.overHttp(stage(), (_text, { res }) => {
      res.writeHead(200, { 'Content-Type': 'application/websocket-events', 'Content-Length': 100 });
      res.write('OPEN\r\n', () => res.destroy());
      return undefined;
    });
    assert.equal((await (await bench.ask()).raw.reply()).status, 502);
  });

  for (const head of [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade',
    'HTTP/1.1 101 ',
  ]) {
    it(`is answered 502 when an origin that is asked over HTTP answers '${head.slice(0, 30)}'`, async () => {
      const origin = await stage().rawOrigin((socket) => {
        onRequestHead(socket, () => socket.write(`${head}\r\n\r\n`));
      });
      const bench = await WebSocketBench.with(stage(), origin, { url: origin.url, overHttp: true });
      assert.equal((await (await bench.ask()).raw.reply()).status, 502);
    });
  }

  it('is answered 502 when no target can be reached, which only debug mode names', async () => {
    const free = await stage().origin(() => {});
    const { url, port } = free;
    await free.close();
    free.server.listen(0, '127.0.0.1');
    for (const debug of [false, true]) {
      const target = { url, overHttp: true };
      const server = await stage().proxy({ routes: [{ target, debug }] });
      server.proxy.attach(server.server);
      const reply = await (await WsClient.ask(stage(), server)).raw.reply();
      assert.equal(reply.status, 502);
      assert.equal(field(reply, 'content-type'), 'text/plain');
      const detail = `Unable to connect to any targets. Tried: 127.0.0.1:${port}\n`;
      assert.equal(String(reply.body), debug ? detail : 'Error while proxying to origin.\n');
    }
  });

  it('is answered 502 when there is no route for WebSockets', async () => {
    const bench = await WebSocketBench.overHttp(stage(), undefined, { route: { protocol: 'http' } });
    const reply = await (await bench.ask()).raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '502 Route not found\n');
  });

  it('is answered 503 when the proxy is closed before the origin has decided', async () => {
    const bench = await WebSocketBench.overHttp(stage(), () => undefined);
    const client = await bench.ask();
    await bench.origin.completeRequest();
    const closed = bench.proxy.close();
    const reply = await client.raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '503 Closing.\n');
    await closed;
  });

  it('is answered 503 once the proxy is being closed', async () => {
    const bench = await WebSocketBench.overHttp(stage());
    const first = await bench.open();
    const { server } = bench.server;
    const raw = await stage().client(bench.server);
    server.removeAllListeners('upgrade');
    server.on('upgrade', (req, socket, head) => bench.proxy.upgrade(req, socket, head));
    const closed = bench.proxy.close();
    raw.request('GET /ws', HANDSHAKE);
    const reply = await raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '503 Closing.\n');
    first.close(1012);
    await closed;
    const late = await stage().client(bench.server);
    late.request('GET /ws', HANDSHAKE);
    assert.equal((await late.reply()).status, 503);
  });
});
