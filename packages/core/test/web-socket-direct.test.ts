import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { KEY, type WsClient } from '../../../test/support/ws-client.js';
import type { WsEnd } from '../../../test/support/ws-end.js';
import { OPCODES, writeFrame } from '../../../test/support/ws-frames.js';
import type { WsHandshake, WsOrigin } from '../../../test/support/ws-origin.js';
import { TlsGate } from './support/tls-gate.js';
import { type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

describe('an origin that speaks WebSocket', () => {
  const stage = useStage();

  type Bench = WebSocketBench<WsOrigin>;

  /** A client and its origin, connected. */
  async function open(
    fields: string[] = [],
    options: BenchOptions = {},
  ): Promise<{ bench: Bench; client: WsClient; end: WsEnd }> {
    const bench = await WebSocketBench.direct(stage(), (handshake) => handshake.accept(fields), options);
    const client = await bench.open();
    return { bench, client, end: await bench.origin.connection() };
  }

  async function answering(answer: (handshake: WsHandshake) => void, options?: BenchOptions): Promise<Bench> {
    return await WebSocketBench.direct(stage(), answer, options);
  }

  it('H: hears the client and is heard', async () => {
    const { client, end } = await open();
    end.text('hello world');
    client.text('hello');
    assert.equal(await end.next(), 'text hello');
    end.close(1000);
    assert.equal(await client.next(), 'text hello world');
    assert.equal(await client.next(), 'close 1000');
    client.close(1000);
    assert.equal(await end.next(), 'close 1000');
    await client.closed();
    await end.closed();
  });

  it('gets the handshake as the client sent it, with a key of the proxy’s own', async () => {
    const bench = await WebSocketBench.direct(stage());
    await bench.open('/a?b=c', [
      'Cookie: a=b',
      'Origin: http://page.test',
      'Sec-WebSocket-Protocol: chat, superchat',
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      'X-Own: \xe9',
      'Keep-Alive: 1',
      'Accept-Encoding: gzip',
      'Grip-Sig: forged',
    ]);
    const { request } = await bench.origin.handshake();
    assert.equal(`${request.method} ${request.url} ${request.httpVersion}`, 'GET /a?b=c 1.1');
    const { headers } = request;
    assert.equal(headers.host, 'example.com');
    assert.equal(headers.connection, 'Upgrade');
    assert.equal(headers.upgrade, 'websocket');
    assert.equal(headers['sec-websocket-version'], '13');
    assert.notEqual(headers['sec-websocket-key'], KEY);
    assert.equal(Buffer.from(headers['sec-websocket-key'] ?? '', 'base64').length, 16);
    assert.equal(headers['sec-websocket-protocol'], 'chat, superchat');
    assert.equal(headers['sec-websocket-extensions'], 'grip');
    assert.equal(headers.cookie, 'a=b');
    assert.equal(headers.origin, 'http://page.test');
    assert.equal(headers['x-own'], '\xe9');
    assert.match(String(headers['grip-sig']), /^ey/);
    assert.equal(headers['keep-alive'], undefined);
    assert.equal(headers['accept-encoding'], undefined);
    assert.equal(headers['connection-id'], undefined);
  });

  it('has its fields reach the client, but not those of its connection', async () => {
    const { client } = await open([
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Sec-WebSocket-Protocol: chat',
      'Sec-WebSocket-Extensions: grip',
      'X-Own: yes',
    ]);
    const reply = await client.opened();
    assert.deepEqual(fieldValues(reply, 'set-cookie'), ['a=1', 'b=2']);
    assert.equal(field(reply, 'sec-websocket-protocol'), 'chat');
    assert.equal(field(reply, 'x-own'), 'yes');
    assert.equal(field(reply, 'sec-websocket-extensions'), undefined);
    assert.equal(fieldValues(reply, 'upgrade').length, 1);
    assert.equal(fieldValues(reply, 'connection').length, 1);
    assert.equal(fieldValues(reply, 'sec-websocket-accept').length, 1);
  });

  it('is relayed whatever kind of message there is, both ways', async () => {
    const { client, end } = await open();
    const big = randomBytes(1_048_576);
    for (const [from, to] of [
      [client, end],
      [end, client],
    ] as const) {
      from.text('');
      from.text('é');
      from.binary(Buffer.from([0, 255]));
      from.ping('p');
      from.pong('');
      from.frame(OPCODES.text, 'in ', { fin: false });
      from.ping('between');
      from.frame(OPCODES.continuation, 'parts');
      from.binary(big);
      for (const expected of [
        'text ',
        'text é',
        'binary 00ff',
        'ping p',
        'pong ',
        'ping between',
        'text in parts',
      ])
        assert.equal(await to.next(), expected);
      await to.count(8);
      assert(to.messages[7]?.content.equals(big));
    }
    // Towards the origin the proxy is a client.
    assert(end.frames.every(({ masked }) => masked));
    assert(client.frames.every(({ masked }) => !masked));
  });

  it('can say something along with its acceptance', async () => {
    const early = Buffer.concat([writeFrame(OPCODES.text, 'early'), writeFrame(OPCODES.text, 'bird')]);
    const bench = await answering((handshake) => handshake.accept([], early));
    const client = await bench.open();
    assert.equal(await client.next(), 'text early');
    assert.equal(await client.next(), 'text bird');
  });

  it('gets what a client sends before it is let in', async () => {
    const bench = await answering(() => {});
    const client = await bench.ask();
    client.text('early');
    const handshake = await bench.origin.handshake();
    await settle(40);
    const end = handshake.accept();
    assert.equal(await end.next(), 'text early');
  });

  const closes: [what: string, code: number | undefined, reason: string, got: string][] = [
    ['a code and a reason', 4000, 'bye', 'close 4000 bye'],
    ['a code', 1001, '', 'close 1001'],
    ['no code', undefined, '', 'close 1000'],
    ['a long reason', 1000, 'r'.repeat(123), `close 1000 ${'r'.repeat(123)}`],
  ];
  for (const [what, code, reason, got] of closes) {
    it(`passes on a Close with ${what}, and the answer to it`, async () => {
      for (const first of ['client', 'origin'] as const) {
        const { bench, client, end } = await open();
        const [from, to] = first === 'client' ? [client, end] : [end, client];
        from.close(code, reason);
        assert.equal(await to.next(), got);
        await settle(40);
        // Nobody answers for the other.
        assert.deepEqual(from.received, []);
        to.close(4001, 'answer');
        if (first === 'client') assert.equal(await from.next(), 'close 4001 answer');
        else assert.equal(await from.next(), 'close 4001 answer');
        await Promise.all([client.closed(), end.closed()]);
        await eventually(() => bench.server.held === 0, 'nothing held');
      }
    });
  }

  it('can go on talking to a client that has closed, until it answers', async () => {
    const { client, end } = await open();
    client.close(1000);
    await end.next();
    end.text('one more');
    end.close(1000);
    assert.equal(await client.next(), 'text one more');
    assert.equal(await client.next(), 'close 1000');
  });

  it('hears what the client says after it has closed itself', async () => {
    const { client, end } = await open();
    end.close(1000);
    assert.equal(await client.next(), 'close 1000');
    client.text('one more');
    client.close(1000);
    assert.equal(await end.next(), 'text one more');
    assert.equal(await end.next(), 'close 1000');
  });

  it('that does not answer a Close leaves the client waiting 10 seconds', async () => {
    const { bench, client, end } = await open();
    client.close(1000);
    await end.next();
    await bench.pass(9999);
    assert.equal(client.ending, undefined);
    await bench.pass(1);
    await client.closed();
    await end.closed();
    assert.equal(bench.server.held, 0);
  });

  it('is left when the client does not answer its Close for 10 seconds', async () => {
    const { bench, client, end } = await open();
    end.close(1000);
    await client.next();
    await bench.pass(9999);
    assert.equal(end.ending, undefined);
    await bench.pass(1);
    await Promise.all([client.closed(), end.closed()]);
    assert.equal(bench.server.held, 0);
  });

  it('is closed by a publisher without a code, and the client with it', async () => {
    const { bench, client, end } = await open([], { target: { subscribe: ['ch'] } });
    await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 4000, reason: 'x' } });
    assert.equal(await client.next(), 'close 4000 x');
    assert.equal(await end.next(), 'close 1000');
    client.close(4000);
    await client.closed();
    assert.equal(bench.proxy.stats().sessions, 0);
    end.close(1000);
    await end.closed();
  });

  it('that does not answer a publisher’s Close is left after 10 seconds', async () => {
    const { bench, client, end } = await open([], { target: { subscribe: ['ch'] } });
    client.answersClose = true;
    await bench.proxy.publish('ch', { 'ws-message': { action: 'close' } });
    await client.closed();
    await end.next();
    await eventually(() => bench.server.held === 1, 'one timer');
    await bench.pass(10_000);
    await end.closed();
    assert.equal(bench.server.held, 0);
  });

  it('that detaches is left after 10 seconds where it does not answer', async () => {
    const { bench, client, end } = await open(['Sec-WebSocket-Extensions: grip']);
    end.text('c:{"type":"detach"}');
    assert.equal(await end.next(), 'close 1000');
    end.text('m:for nobody');
    await bench.pass(10_000);
    await end.closed();
    assert.equal(client.ending, undefined);
    assert.deepEqual(client.received, []);
    client.close(1000);
    assert.equal(await client.next(), 'close 1000');
    await client.closed();
  });

  it('that dies takes the client with it, without a Close', async () => {
    for (const die of [
      (end: WsEnd) => end.destroy(),
      (end: WsEnd) => (end.socket as unknown as { resetAndDestroy(): void }).resetAndDestroy(),
      (end: WsEnd) => end.socket.end(),
    ]) {
      const { bench, client, end } = await open();
      end.text('last');
      assert.equal(await client.next(), 'text last');
      die(end);
      await client.closed();
      assert.deepEqual(client.received, ['text last']);
      await eventually(() => bench.server.held === 0, 'nothing held');
    }
  });

  it('loses its connection when the client is lost', async () => {
    for (const lose of [
      (client: WsClient) => client.destroy(),
      (client: WsClient) => client.raw.reset(),
      (client: WsClient) => client.socket.end(),
      (client: WsClient) => client.frame(3),
    ]) {
      const { bench, client, end } = await open();
      lose(client);
      await end.closed();
      assert.deepEqual(end.received, []);
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    }
  });

  const wrong: [what: string, frame: (end: WsEnd) => void, code: number][] = [
    ['masks', (end) => end.frame(OPCODES.text, 'x', { mask: true }), 1002],
    ['sets reserved bits', (end) => end.frame(OPCODES.text, 'x', { rsv: 4 }), 1002],
    ['sends text that is no UTF-8', (end) => end.text(Buffer.from([0xff])), 1007],
    ['sends an opcode that is none', (end) => end.frame(5), 1002],
    ['sends a code that must not be sent', (end) => end.close(1005), 1002],
    ['sends code 0', (end) => end.close(0), 1002],
    ['sends too much', (end) => end.binary(Buffer.alloc(1_048_577)), 1009],
    ['sends garbage', (end) => end.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), 1002],
  ];
  for (const [what, send, code] of wrong) {
    it(`that ${what} is told so, and its client is cut`, async () => {
      const { bench, client, end } = await open();
      send(end);
      assert.equal(await end.next(), `close ${code}`);
      await client.closed();
      assert.deepEqual(client.received, []);
      await end.closed();
      await eventually(() => bench.server.held === 0, 'nothing held');
    });
  }

  describe('that refuses a handshake', () => {
    it('is passed on, with status, reason, fields and body', async () => {
      const bench = await answering((handshake) => {
        handshake.answer(
          '403 No Way',
          ['X-Own: yes', 'Content-Length: 2', 'X-Hop: no', 'Connection: X-Hop'],
          'no',
        );
      });
      const client = await bench.ask();
      const reply = await client.raw.reply();
      assert.equal(`${reply.status} ${reply.reason} ${reply.body}`, '403 No Way no');
      assert.equal(field(reply, 'x-own'), 'yes');
      assert.equal(field(reply, 'x-hop'), undefined);
      assert.equal(await client.closed(), 'ended');
    });

    it('is passed on where its body is chunked, or ends with the connection', async () => {
      for (const [fields, body] of [
        [['Transfer-Encoding: chunked'], '2\r\nno\r\n0\r\n\r\n'],
        [['Connection: close'], 'no'],
      ] as const) {
        const bench = await answering((handshake) => {
          handshake.answer('404 Not Found', fields, body);
          handshake.socket.end();
        });
        const reply = await (await bench.ask()).raw.reply();
        assert.equal(`${reply.status} ${reply.body}`, '404 no');
        assert.equal(field(reply, 'content-length'), '2');
      }
    });

    it('is cut after 100 kB', async () => {
      const bench = await answering((handshake) => {
        handshake.answer('404 Not Found', ['Content-Length: 300000'], Buffer.alloc(300_000, 'x'));
      });
      const reply = await (await bench.ask()).raw.reply();
      assert.equal(reply.body.length, 100_000);
    });

    it('by serving it as a plain request is passed on', async () => {
      const origin = await stage().origin((res) => res.end('plain'));
      const bench = await WebSocketBench.with(stage(), origin, { url: origin.url });
      const reply = await (await bench.ask()).raw.reply();
      assert.equal(`${reply.status} ${reply.body}`, '200 plain');
      assert.equal(origin.requests[0]?.headers['sec-websocket-version'], '13');
    });
  });

  describe('is answered for with 502', () => {
    const faults: [what: string, answer: (handshake: WsHandshake) => void, detail: RegExp][] = [
      [
        'the key it answers is wrong',
        (handshake) =>
          handshake.answer('101 Switching Protocols', [
            'Upgrade: websocket',
            'Connection: Upgrade',
            `Sec-WebSocket-Accept: ${Buffer.alloc(20).toString('base64')}`,
          ]),
        /Sec-WebSocket-Accept/,
      ],
      [
        'it answers no key',
        (handshake) =>
          handshake.answer('101 Switching Protocols', ['Upgrade: websocket', 'Connection: Upgrade']),
        /Sec-WebSocket-Accept/,
      ],
      [
        'it upgrades to something else',
        (handshake) =>
          handshake.answer('101 Switching Protocols', [
            'Upgrade: h2c',
            'Connection: Upgrade',
            `Sec-WebSocket-Accept: ${handshake.key}`,
          ]),
        /something else/,
      ],
      [
        'it compresses without having been asked',
        (handshake) => void handshake.accept(['Sec-WebSocket-Extensions: permessage-deflate']),
        /compresses/,
      ],
      [
        'it answers 101 and nothing else',
        (handshake) => handshake.answer('101 Switching Protocols', []),
        /./,
      ],
      ['it hangs up', (handshake) => void handshake.socket.destroy(), /./],
      ['it ends the connection', (handshake) => void handshake.socket.end(), /./],
      ['it answers garbage', (handshake) => void handshake.socket.write('what?\r\n\r\n'), /./],
      [
        'it hangs up in its refusal',
        (handshake) => {
          handshake.answer('403 Forbidden', ['Content-Length: 10'], 'no');
          setImmediate(() => handshake.socket.destroy());
        },
        /./,
      ],
    ];
    for (const [what, answer, detail] of faults) {
      it(`when ${what}`, async () => {
        const bench = await answering(
          (handshake) => {
            answer(handshake);
            handshake.socket.resume();
          },
          { route: { debug: true } },
        );
        const client = await bench.ask();
        const reply = await client.raw.reply();
        assert.equal(reply.status, 502);
        assert.match(String(reply.body), detail);
        await client.closed();
        await eventually(() => bench.origin.handshakes[0]?.socket.destroyed === true, 'the origin is left');
      });
    }

    it('when it does not answer in time', async () => {
      const bench = await answering(() => {}, { proxy: {} });
      const client = await bench.ask();
      await bench.origin.handshake();
      await bench.pass(1_799_999);
      assert.equal(client.answered, false);
      await bench.pass(1);
      assert.equal((await client.raw.reply()).status, 502);
      assert.equal(bench.proxy.stats().sessions, 0);
    });

    it('when none of its kind can be reached', async () => {
      const gate = await TlsGate.start(stage());
      gate.shut();
      const target = { url: gate.url, insecure: true };
      const bench = await WebSocketBench.with(stage(), gate.origin, target);
      assert.equal((await (await bench.ask()).raw.reply()).status, 502);
      assert.equal(gate.tries, 1);
    });

    it('when it is at an internal address, where that is not allowed', async () => {
      const bench = await answering((handshake) => handshake.accept(), { target: { untrusted: true } });
      assert.equal((await (await bench.ask()).raw.reply()).status, 502);
      assert.equal(bench.origin.handshakes.length, 0);
    });
  });

  it('is left for the next one when it cannot be reached, whatever kind that is', async () => {
    const gate = await TlsGate.start(stage());
    gate.shut();
    const bench = await answering((handshake) => handshake.accept(), {});
    const target = [
      { url: gate.url, insecure: true },
      { url: gate.url, insecure: true, overHttp: true },
      { url: bench.origin.url, host: 'second.test' },
    ];
    const failing = await WebSocketBench.with(stage(), bench.origin, {}, { route: { target } });
    const client = await failing.open();
    client.text('hello');
    assert.equal(await (await bench.origin.connection()).next(), 'text hello');
    assert.equal(gate.tries, 2);
    assert.equal((await bench.origin.handshake()).request.headers.host, 'second.test');
  });

  it('is left alone when the client leaves before it has answered', async () => {
    const bench = await answering(() => {});
    const client = await bench.ask();
    const { socket } = await bench.origin.handshake();
    const closed = once(socket.resume(), 'end');
    client.destroy();
    await closed;
    await eventually(() => bench.server.held === 0, 'nothing held');
  });

  it('that is slow has the client wait, and loses nothing', async () => {
    const { client, end } = await open();
    end.socket.pause();
    const count = 400;
    for (let i = 0; i < count; i++) client.binary(Buffer.alloc(65_536, i));
    let left = -1;
    while (left !== client.socket.writableLength) {
      left = client.socket.writableLength;
      await settle(100);
    }
    assert(left > 0, 'the client waits');
    end.socket.resume();
    await end.count(count);
    assert(end.messages.every(({ content }, i) => content.length === 65_536 && content[0] === i % 256));
  });

  it('has to wait for a client that is slow, and loses nothing', async () => {
    const { client, end } = await open();
    client.pause();
    const count = 400;
    for (let i = 0; i < count; i++) end.binary(Buffer.alloc(65_536, i));
    let left = -1;
    while (left !== end.socket.writableLength) {
      left = end.socket.writableLength;
      await settle(100);
    }
    assert(left > 0, 'the origin waits');
    client.resume();
    await client.count(count);
    assert(client.messages.every(({ content }, i) => content.length === 65_536 && content[0] === i % 256));
  });

  it('is not told to refresh', async () => {
    const { bench, end } = await open([], { target: { subscribe: ['ch'] } });
    assert.equal((await bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } })).delivered, 1);
    await settle(40);
    assert.deepEqual(end.received, []);
  });

  it('goes with its client when the proxy is closed', async () => {
    const { bench, client, end } = await open();
    client.answersClose = true;
    end.answersClose = true;
    await bench.proxy.close();
    assert.deepEqual(client.received, ['close 1012']);
    await end.closed();
    assert.deepEqual(end.received, ['close 1000']);
  });

  it('can be one of the package ws, as can the client', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' });
    await once(server, 'listening');
    stage().onClose(() => server.close());
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const { port } = server.address() as AddressInfo;
    const proxy = await stage().proxy({ target: `http://127.0.0.1:${port}` });
    proxy.proxy.attach(proxy.server);
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, ['chat']);
    await once(client, 'open');
    assert.equal(client.protocol, 'chat');
    assert.equal(client.extensions, '');
    client.send('hello');
    assert.equal(String((await once(client, 'message'))[0]), 'hello');
    client.send(Buffer.alloc(100_000, 'x'));
    assert.equal(((await once(client, 'message'))[0] as Buffer).length, 100_000);
    client.ping('p');
    assert.equal(String((await once(client, 'pong'))[0]), 'p');
    client.close(4000, 'bye');
    assert.deepEqual(await once(client, 'close'), [4000, Buffer.from('bye')]);
  });
});
