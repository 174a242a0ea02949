import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually, settle } from '../../../test/support/eventually.js';
import { field, fieldValues } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { KEY, type WsClient } from '../../../test/support/ws-client.js';
import type { WsEnd } from '../../../test/support/ws-end.js';
import { OPCODES, writeFrame } from '../../../test/support/ws-frames.js';
import type { WsHandshake, WsOrigin } from '../../../test/support/ws-origin.js';
import { TlsGate } from './support/tls-gate.js';
import { type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';

describe('the handshake with an origin that speaks WebSocket', () => {
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
});
