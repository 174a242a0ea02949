import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { ACCEPT, HANDSHAKE, KEY, type WsClient } from '../../../test/support/ws-client.js';
import type { WsEnd } from '../../../test/support/ws-end.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import type { WsHandshake, WsOrigin } from '../../../test/support/ws-origin.js';
import { TlsGate } from './support/tls-gate.js';
import { type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

/** Bytes that no connection holds. */
const FLOOD = 400 * 65_536;

describe('a WebSocket on a route that takes no part in GRIP', () => {
  const stage = useStage();

  type Bench = WebSocketBench<WsOrigin>;

  async function start(
    onHandshake?: (handshake: WsHandshake) => void,
    options: BenchOptions = {},
  ): Promise<Bench> {
    return await WebSocketBench.direct(stage(), onHandshake, {
      ...options,
      route: { grip: false, ...options.route },
    });
  }

  async function open(): Promise<{ bench: Bench; client: WsClient; end: WsEnd }> {
    const bench = await start();
    const client = await bench.open();
    return { bench, client, end: await bench.origin.connection() };
  }

  /** Nothing is left of it: neither at the proxy nor at the origin. */
  async function gone(bench: Bench): Promise<void> {
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => {
        bench.server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      });
    let count = -1;
    await eventually(
      () => {
        void connections().then((now) => {
          count = now;
        });
        return count === 0;
      },
      () => `${count} connections`,
    );
    await eventually(
      () => bench.origin.handshakes.every(({ socket }) => socket.destroyed),
      'no connection to the origin',
    );
  }

  it('is agreed on by client and origin, fields, key, extensions and all', async () => {
    const bench = await start((handshake) =>
      handshake.accept([
        'Sec-WebSocket-Extensions: x-own; a=b',
        'Sec-WebSocket-Protocol: chat',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
      ]),
    );
    const client = await bench.open('/a?b=c', [
      'Sec-WebSocket-Extensions: x-own; a, permessage-deflate',
      'Sec-WebSocket-Protocol: chat',
      'Cookie: a=b',
      'Grip-Sig: forged',
    ]);
    const { request } = await bench.origin.handshake();
    const { headers } = request;
    assert.equal(`${request.method} ${request.url}`, 'GET /a?b=c');
    assert.equal(headers['sec-websocket-key'], KEY);
    assert.equal(headers['sec-websocket-extensions'], 'x-own; a, permessage-deflate');
    assert.equal(headers['sec-websocket-protocol'], 'chat');
    assert.equal(headers.host, 'example.com');
    assert.equal(headers.cookie, 'a=b');
    assert.equal(headers['grip-sig'], undefined);
    assert.equal(headers['grip-feature'], undefined);
    const reply = await client.opened();
    assert.equal(field(reply, 'sec-websocket-accept'), ACCEPT);
    assert.equal(field(reply, 'sec-websocket-extensions'), 'x-own; a=b');
    assert.equal(field(reply, 'sec-websocket-protocol'), 'chat');
    assert.deepEqual(fieldValues(reply, 'set-cookie'), ['a=1', 'b=2']);
  });

  it('goes where the route says', async () => {
    const bench = await start(undefined, {
      route: { pathPrefix: '/a', pathRemove: 2, asHost: 'origin.test', headers: [['X-Route', 'yes']] },
    });
    await bench.open('/a/b?c');
    const { request } = await bench.origin.handshake();
    assert.equal(request.url, '/b?c');
    assert.equal(request.headers.host, 'origin.test');
    assert.equal(request.headers['x-route'], 'yes');
  });

  it('passes byte by byte, both ways, whatever it is', async () => {
    const { client, end } = await open();
    const whatever = randomBytes(3_000_000);
    for (const [from, to] of [
      [client.socket, end.socket],
      [end.socket, client.socket],
    ] as const) {
      const chunks: Buffer[] = [];
      to.removeAllListeners('data');
      to.on('data', (chunk: Buffer) => chunks.push(chunk));
      from.write(whatever);
      await eventually(
        () => chunks.reduce((sum, { length }) => sum + length, 0) === whatever.length,
        'all bytes',
      );
      assert(Buffer.concat(chunks).equals(whatever));
    }
  });

  it('is no business of the proxy’s', async () => {
    const { bench, client, end } = await open();
    client.frame(OPCODES.text, 'not masked', { mask: false });
    client.frame(3, 'x', { rsv: 7 });
    await eventually(() => end.frames.length === 2, 'two frames');
    assert.equal(end.frames[1]?.rsv, 7);
    end.text('c:{"type":"subscribe","channel":"a"}');
    assert.equal(await client.next(), 'text c:{"type":"subscribe","channel":"a"}');
    assert.deepEqual(bench.proxy.stats(), { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 });
  });

  it('can begin with what comes along with the handshake, both ways', async () => {
    const bench = await start(() => {});
    const client = await bench.ask();
    client.text('early client');
    const handshake = await bench.origin.handshake();
    await settle(40);
    const end = handshake.accept([], Buffer.from([0x81, 2, 0x68, 0x69]));
    assert.equal(await client.next(), 'text hi');
    assert.equal(await end.next(), 'text early client');
  });

  const endings: [what: string, end: (party: { client: WsClient; end: WsEnd }) => void][] = [
    ['the client leaves', ({ client }) => client.destroy()],
    ['the client ends the connection', ({ client }) => client.socket.end()],
    ['the client is reset', ({ client }) => client.raw.reset()],
    ['the origin leaves', ({ end }) => end.destroy()],
    ['the origin is reset', ({ end }) => (end.socket as Socket).resetAndDestroy()],
    ['the origin ends the connection', ({ end }) => end.socket.end()],
  ];
  for (const [what, act] of endings) {
    it(`ends at both ends when ${what}`, async () => {
      const { bench, client, end } = await open();
      act({ client, end });
      await Promise.all([client.closed(), end.closed()]);
      assert.equal(client.raw.text.split('HTTP/1.1').length, 2, 'one response');
      await gone(bench);
    });
  }

  it('ends when the origin does, whatever the client does', async () => {
    const bench = await start();
    const socket = net.connect({ port: bench.server.port, host: '127.0.0.1', allowHalfOpen: true });
    stage().onClose(() => socket.destroy());
    socket.write(['GET / HTTP/1.1', 'Host: a', ...HANDSHAKE].join('\r\n'));
    socket.write('\r\n\r\n');
    const end = await bench.origin.connection();
    const ended = once(socket.resume(), 'end');
    end.destroy();
    await ended;
    await bench.pass(9999);
    assert.equal(bench.server.held, 1);
    await bench.pass(1);
    await gone(bench);
  });

  it('ends when the origin does, though the client does not', async () => {
    const { bench, client, end } = await open();
    client.socket.removeAllListeners('end');
    client.pause();
    end.text('last');
    end.socket.end();
    await eventually(() => end.socket.destroyed, 'the origin is done');
    client.resume();
    assert.equal(await client.next(), 'text last');
    await gone(bench);
  });

  it('gets all that the origin has sent before it ended', async () => {
    const { bench, client, end } = await open();
    const big = 'x'.repeat(1_000_000);
    for (let i = 0; i < 10; i++) end.text(big);
    end.close(1000);
    end.socket.end();
    await client.count(11);
    assert.equal(client.received.at(-1), 'close 1000');
    await gone(bench);
  });

  it('leaves nothing when the client leaves before it is let in', async () => {
    for (const leave of [
      (client: WsClient) => client.destroy(),
      (client: WsClient) => client.raw.reset(),
      (client: WsClient) => client.socket.end(),
    ]) {
      const bench = await start((handshake) => void handshake.socket.resume());
      const client = await bench.ask();
      await bench.origin.handshake();
      leave(client);
      await gone(bench);
    }
  });

  /** Sends more than connections hold, to an end that does not read. Gives the number of bytes that have come. */
  async function flood(from: WsEnd, to: WsEnd): Promise<() => number> {
    let bytes = 0;
    to.socket.removeAllListeners('data');
    to.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    to.socket.pause();
    const piece = Buffer.alloc(65_536);
    for (let sent = 0; sent < FLOOD; sent += piece.length) from.write(piece);
    await from.stalled();
    return () => bytes;
  }

  it('has a slow origin hold up the client, and the other way round', async () => {
    const { client, end } = await open();
    for (const [from, to] of [
      [client, end],
      [end, client],
    ] as const) {
      const taken = await flood(from, to);
      to.socket.resume();
      await eventually(() => taken() === FLOOD, 'all bytes');
    }
  });

  for (const side of ['client', 'origin'] as const) {
    it(`is cut at both ends when the ${side} takes nothing of what waits for it for a minute`, async () => {
      const { bench, client, end } = await open();
      const told: unknown[] = [];
      bench.proxy.on('limit', (limit, fields) => told.push([limit, fields.side, fields.path]));
      const [from, to] = side === 'client' ? [end, client] : [client, end];
      await flood(from, to);
      for (let i = 0; i < 4; i++) await bench.pass(14_999);
      assert.deepEqual([client.ending, end.ending, told], [undefined, undefined, []]);
      // A system that is busy may move some bytes yet.
      for (let i = 0; i < 20 && told.length === 0; i++) await bench.pass(15_000);
      to.socket.resume();
      await Promise.all([client.closed(), end.closed()]);
      assert.deepEqual(told, [['stalledTunnel', side, '/ws']]);
      assert.equal(bench.proxy.limits().stalledTunnel, 1);
      await gone(bench);
    });
  }

  it('goes on where the other end takes something now and then', async () => {
    const { bench, client, end } = await open();
    const taken = await flood(end, client);
    for (let i = 0; i < 8; i++) {
      await bench.pass(45_000);
      const before = taken();
      client.resume();
      await eventually(() => taken() > before + 1_500_000, 'something is taken');
      client.pause();
    }
    client.resume();
    await eventually(() => taken() === FLOOD, 'all bytes');
    assert.equal(bench.proxy.limits().stalledTunnel, 0);
  });

  it('may be quiet for as long as it likes', async () => {
    const { bench, client, end } = await open();
    end.text('before');
    assert.equal(await client.next(), 'text before');
    for (let i = 0; i < 24; i++) await bench.pass(3_600_000);
    assert.equal(bench.proxy.stats().timers, 0);
    client.text('after');
    assert.equal(await end.next(), 'text after');
  });

  it('may stall for ever where the time-out is off', async () => {
    const bench = await start(undefined, { proxy: { stallTimeout: 0 } });
    const client = await bench.open();
    const end = await bench.origin.connection();
    const taken = await flood(end, client);
    for (let i = 0; i < 10; i++) await bench.pass(3_600_000);
    client.resume();
    await eventually(() => taken() === FLOOD, 'all bytes');
  });

  it('is passed on where the origin refuses it', async () => {
    const bodies: [fields: string[], body: string][] = [
      [['Content-Length: 2'], 'no'],
      [['Transfer-Encoding: chunked'], '2\r\nno\r\n0\r\n\r\n'],
      [['Connection: close'], 'no'],
    ];
    for (const [fields, body] of bodies) {
      const bench = await start((handshake) => {
        handshake.answer('403 No Way', ['X-Own: yes', 'Set-Cookie: a=1', 'Set-Cookie: b=2', ...fields], body);
        handshake.socket.resume();
        if (fields.includes('Connection: close')) handshake.socket.end();
      });
      const client = await bench.ask();
      const reply = await client.raw.reply();
      assert.equal(`${reply.status} ${reply.reason} ${reply.body}`, '403 No Way no');
      assert(client.raw.text.startsWith('HTTP/1.1 403 No Way\r\n'), client.raw.text);
      assert.equal(field(reply, 'x-own'), 'yes');
      assert.deepEqual(fieldValues(reply, 'set-cookie'), ['a=1', 'b=2']);
      await client.closed();
      await gone(bench);
    }
  });

  it('is open to nothing that follows a refusal', async () => {
    let after = '';
    const bench = await start((handshake) => {
      handshake.answer('426 Upgrade Required', ['Content-Length: 0', 'Connection: keep-alive']);
      handshake.socket.on('data', (chunk) => {
        after += chunk;
      });
    });
    const client = await bench.ask();
    await client.raw.reply();
    client.raw.request('GET /second', ['Grip-Sig: forged']);
    await client.closed();
    await gone(bench);
    assert.equal(client.raw.text.split('HTTP/1.1').length, 2, 'one response');
    assert.equal(after, '');
  });

  it('gets no interim response of the origin', async () => {
    const bench = await start((handshake) => {
      handshake.answer('103 Early Hints', ['Link: </a>; rel=preload']);
      handshake.answer('403 Forbidden', ['Content-Length: 2'], 'no');
    });
    const client = await bench.ask();
    assert.equal((await client.raw.reply()).status, 403);
    assert(client.raw.text.startsWith('HTTP/1.1 403 '), client.raw.text);
  });

  const notSwitched: [what: string, status: string, fields: string[]][] = [
    ['without Upgrade', '101 Switching Protocols', []],
    ['to something else', '101 Switching Protocols', ['Upgrade: h2c', 'Connection: Upgrade']],
  ];
  for (const [what, status, fields] of notSwitched) {
    it(`is not opened by a 101 ${what}`, async () => {
      const bench = await start((handshake) => {
        handshake.answer(status, fields, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        handshake.socket.resume();
      });
      const client = await bench.ask();
      assert.equal((await client.raw.reply()).status, 502);
      assert(client.raw.text.startsWith('HTTP/1.1 502 '), client.raw.text);
      await client.closed();
      await gone(bench);
    });
  }

  it('is not opened by another status that offers WebSocket', async () => {
    const bench = await start((handshake) => {
      const fields = ['Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: 0'];
      handshake.answer('200 OK', fields);
      handshake.socket.resume();
    });
    const client = await bench.ask();
    assert.equal((await client.raw.reply()).status, 200);
    assert(client.raw.text.startsWith('HTTP/1.1 200 '), client.raw.text);
    await client.closed();
    await gone(bench);
  });

  it('is answered 502 when the origin does not answer in time', async () => {
    const bench = await start((handshake) => void handshake.socket.resume(), {
      proxy: { responseTimeout: 5000 },
    });
    const client = await bench.ask();
    await bench.origin.handshake();
    await bench.pass(4999);
    assert.equal(client.raw.text, '');
    await bench.pass(1);
    assert.equal((await client.raw.reply()).status, 502);
    await client.closed();
    await gone(bench);
  });

  it('is told why it failed where the route says so', async () => {
    const bench = await start((handshake) => void handshake.socket.destroy(), { route: { debug: true } });
    assert.match(String((await (await bench.ask()).raw.reply()).body), /^the origin's handshake: /);
  });

  it('ends when one end does not follow the other for ten seconds', async () => {
    const bench = await start((handshake) => {
      handshake.accept();
      handshake.socket.removeAllListeners('end');
    });
    const client = await bench.open();
    client.socket.end();
    const { socket } = await bench.origin.connection();
    await once(socket, 'end');
    await bench.pass(9999);
    assert.equal(client.ending, undefined);
    await bench.pass(1);
    await client.closed();
    // Only who writes to a connection that is gone notices.
    await eventually(() => socket.destroyed || !socket.write('?'), 'no connection to the origin');
    await gone(bench);
  });

  const failures: [what: string, answer: (handshake: WsHandshake) => void][] = [
    ['hangs up', (handshake) => void handshake.socket.destroy()],
    ['ends the connection', (handshake) => void handshake.socket.end()],
    ['answers garbage', (handshake) => void handshake.socket.write('what?\r\n\r\n')],
  ];
  for (const [what, answer] of failures) {
    it(`is answered 502 when the origin ${what}`, async () => {
      const bench = await start((handshake) => {
        answer(handshake);
        handshake.socket.resume();
      });
      const client = await bench.ask();
      const reply = await client.raw.reply();
      assert.equal(`${reply.status} ${reply.body}`, '502 Error while proxying to origin.\n');
      await client.closed();
      await gone(bench);
    });
  }

  it('is answered 502 when no origin can be reached', async () => {
    const gate = await TlsGate.start(stage());
    gate.shut();
    const target = [gate.url, gate.url].map((url) => ({ url, insecure: true }));
    const bench = await WebSocketBench.with(stage(), gate.origin, {}, { route: { grip: false, target } });
    const client = await bench.ask();
    const reply = await client.raw.reply();
    assert.equal(`${reply.status} ${reply.body}`, '502 Error while proxying to origin.\n');
    assert.equal(gate.tries, 2);
    await client.closed();
  });

  it('goes to the next origin when one cannot be reached', async () => {
    const gate = await TlsGate.start(stage());
    gate.shut();
    const bench = await start();
    const target = [
      { url: gate.url, insecure: true },
      { url: bench.origin.url, host: 'second.test' },
    ];
    const other = await WebSocketBench.with(stage(), bench.origin, {}, { route: { grip: false, target } });
    const client = await other.open();
    client.text('hello');
    assert.equal(await (await bench.origin.connection()).next(), 'text hello');
    assert.equal((await bench.origin.handshake()).request.headers.host, 'second.test');
  });

  it('ends when the proxy is closed', async () => {
    const { bench, client, end } = await open();
    await bench.proxy.close();
    await Promise.all([client.closed(), end.closed()]);
    await gone(bench);
  });

  it('is not opened once the proxy is closed', async () => {
    const bench = await start();
    const { server } = bench.server;
    await bench.proxy.close();
    server.on('upgrade', (req, socket, head) => bench.proxy.upgrade(req, socket, head));
    assert.equal((await (await bench.ask()).raw.reply()).status, 503);
    assert.equal(bench.origin.handshakes.length, 0);
  });

  it('can be compressed by its ends', async () => {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate: { threshold: 0 },
    });
    await once(server, 'listening');
    stage().onClose(() => server.close());
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const { port } = server.address() as AddressInfo;
    const proxy = await stage().proxy({ routes: [{ target: `http://127.0.0.1:${port}`, grip: false }] });
    proxy.proxy.attach(proxy.server);
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { perMessageDeflate: { threshold: 0 } });
    await once(client, 'open');
    assert.match(client.extensions, /permessage-deflate/);
    client.send('hello '.repeat(1000));
    assert.equal(String((await once(client, 'message'))[0]), 'hello '.repeat(1000));
    client.close(4000, 'bye');
    assert.deepEqual(await once(client, 'close'), [4000, Buffer.from('bye')]);
  });

  it('of many, when one is lost, disturbs none of the others', async () => {
    const bench = await start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => bench.open()));
    await eventually(() => bench.origin.ends.length === 20, 'twenty');
    for (const [index, client] of clients.entries()) if (index % 2 === 0) client.raw.reset();
    await eventually(
      () => bench.origin.ends.filter(({ ending }) => ending !== undefined).length === 10,
      'ten',
    );
    for (const end of bench.origin.ends) if (end.ending === undefined) end.text('hello');
    for (const [index, client] of clients.entries())
      if (index % 2 === 1) assert.equal(await client.next(), 'text hello');
  });
});
