import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import type { WsEnd } from '../../../test/support/ws-end.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import type { WsOrigin } from '../../../test/support/ws-origin.js';
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

  it('that dies takes the client with it, which gets 1011', async () => {
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
      assert.deepEqual(client.received, ['text last', 'close 1011']);
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
    ['sends too much', (end) => end.binary(Buffer.alloc(1_048_576 + 65_537)), 1009],
    ['sends garbage', (end) => end.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), 1002],
  ];
  for (const [what, send, code] of wrong) {
    it(`that ${what} is told so, and its client gets 1011`, async () => {
      const { bench, client, end } = await open();
      send(end);
      assert.equal(await end.next(), `close ${code}`);
      await client.closed();
      assert.deepEqual(client.received, ['close 1011']);
      await end.closed();
      await eventually(() => bench.server.held === 0, 'nothing held');
    });
  }

  it('that is slow has the client wait, and loses nothing', async () => {
    const { client, end } = await open();
    end.socket.pause();
    const count = 400;
    for (let i = 0; i < count; i++) client.binary(Buffer.alloc(65_536, i));
    await client.stalled();
    end.socket.resume();
    await end.count(count);
    assert(end.messages.every(({ content }, i) => content.length === 65_536 && content[0] === i % 256));
  });

  it('has to wait for a client that is slow, and loses nothing', async () => {
    const { client, end } = await open();
    client.pause();
    const count = 400;
    for (let i = 0; i < count; i++) end.binary(Buffer.alloc(65_536, i));
    await end.stalled();
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
