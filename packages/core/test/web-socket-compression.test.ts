import assert from 'node:assert/strict';
import { once } from 'node:events';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Sender, WebSocket } from 'ws';
import { event, obliging } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { field } from '../../../test/support/http-reply.js';
import { useStage } from '../../../test/support/stage.js';
import { OPCODES } from '../../../test/support/ws-frames.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent } from './support/web-socket-party.js';

const OFFER = ['Sec-WebSocket-Extensions: permessage-deflate'];
const RSV1 = 4;

/** A message as permessage-deflate has it: RFC 7692 7.2.1. */
function deflate(content: string | Uint8Array): Buffer {
  return deflateRawSync(content, { finishFlush: 2 }).subarray(0, -4);
}

function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]), { finishFlush: 2 });
}

describe('the compression of WebSocket messages', () => {
  const stage = useStage();
  const first = {
    fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
    body: Buffer.concat([event('OPEN'), controlEvent({ type: 'subscribe', channel: 'ch' })]),
  };

  /** A proxy that compresses, and an origin that sends back what it gets. */
  async function start(compression = true, more = {}): Promise<WebSocketBench> {
    return await WebSocketBench.overHttp(
      stage(),
      (text) => {
        if (text === 'OPEN\r\n') return first;
        return /^(TEXT|BINARY)/.test(text) ? Buffer.from(text, 'latin1') : obliging(text);
      },
      { proxy: { compression, ...more } },
    );
  }

  it('is not done unless that is asked for', async () => {
    const bench = await start(false);
    const client = await bench.open('/ws', OFFER);
    assert.equal(field(await client.opened(), 'sec-websocket-extensions'), undefined);
    client.frame(OPCODES.text, deflate('hello'), { rsv: RSV1 });
    assert.equal(await client.next(), 'close 1002');
  });

  const both = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
  const offers: [offer: string, answer: string | undefined][] = [
    ['permessage-deflate', both],
    ['permessage-deflate; client_max_window_bits', both],
    [
      'permessage-deflate; client_max_window_bits=12',
      both.replace('deflate', 'deflate; client_max_window_bits=12'),
    ],
    ['permessage-deflate; server_no_context_takeover', both],
    ['foo, permessage-deflate', both],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate', both],
    ['permessage-deflate; server_max_window_bits=10', undefined],
    ['permessage-deflate; nonsense', undefined],
    ['permessage-deflate; client_max_window_bits=99', undefined],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover', undefined],
    ['x-webkit-deflate-frame', undefined],
    ['permessage-deflate; ="', undefined],
    [',,', undefined],
  ];
  for (const [offer, answer] of offers) {
    it(`is ${answer === undefined ? 'not ' : ''}agreed on when a client offers '${offer}'`, async () => {
      const bench = await start();
      const client = await bench.open('/ws', [`Sec-WebSocket-Extensions: ${offer}`]);
      assert.equal(field(await client.opened(), 'sec-websocket-extensions'), answer);
      assert.equal(bench.origin.requests[0]?.headers['sec-websocket-extensions'], 'grip');
    });
  }

  it('is not agreed on when a client does not offer it', async () => {
    const bench = await start();
    const client = await bench.open();
    assert.equal(field(await client.opened(), 'sec-websocket-extensions'), undefined);
  });

  it('is undone before an origin sees a message', async () => {
    const bench = await start();
    const client = await bench.open('/ws', OFFER);
    // The examples of RFC 7692 7.2.3.
    client.frame(OPCODES.text, Buffer.from('f248cdc9c90700', 'hex'), { rsv: RSV1 });
    client.frame(OPCODES.text, Buffer.from('f248cd', 'hex'), { rsv: RSV1, fin: false });
    client.ping('between');
    client.frame(OPCODES.continuation, Buffer.from('c9c90700', 'hex'));
    client.frame(OPCODES.text, Buffer.from('000500faff48656c6c6f00', 'hex'), { rsv: RSV1 });
    client.text('not compressed');
    client.frame(OPCODES.text, Buffer.from('00', 'hex'), { rsv: RSV1 });
    const expected = ['text Hello', 'text Hello', 'text Hello', 'text not compressed', 'text '];
    for (const message of expected) assert.equal(await client.next(), message);
  });

  it('is done to what is long enough', async () => {
    const bench = await start();
    const client = await bench.open('/ws', OFFER);
    const long = 'hello '.repeat(1000);
    await bench.proxy.publish('ch', { 'ws-message': long });
    await bench.proxy.publish('ch', { 'ws-message': 'short' });
    await bench.proxy.publish('ch', { 'ws-message': { type: 'ping', content: 'p'.repeat(125) } });
    await eventually(() => client.frames.length === 3, 'three frames');
    const [compressed, short, ping] = client.frames;
    assert(compressed && short && ping);
    assert.equal(compressed.rsv, RSV1);
    assert(compressed.payload.length < 100);
    assert.equal(String(inflate(compressed.payload)), long);
    assert.equal(short.rsv, 0);
    assert.equal(String(short.payload), 'short');
    assert.equal(ping.rsv, 0);
  });

  it('is done once for all clients, and not for those that did not agree', async () => {
    const bench = await start();
    const compressing = await Promise.all(Array.from({ length: 5 }, () => bench.open('/ws', OFFER)));
    const plain = await Promise.all(Array.from({ length: 5 }, () => bench.open()));
    const original = Sender.frame;
    let frames = 0;
    Sender.frame = (data, options) => {
      frames++;
      return original(data, options);
    };
    const long = 'hello '.repeat(1000);
    try {
      await bench.proxy.publish('ch', { 'ws-message': long });
    } finally {
      Sender.frame = original;
    }
    assert.equal(frames, 2);
    for (const client of compressing) {
      await eventually(() => client.frames.length === 1, 'a frame');
      assert.equal(String(inflate(client.frames[0]?.payload ?? Buffer.alloc(0))), long);
    }
    for (const client of plain) assert.equal(await client.next(), `text ${long}`);
  });

  it('does not make more of a message than is allowed', async () => {
    const bench = await start();
    const other = await bench.open();
    const client = await bench.open('/ws', OFFER);
    const bomb = deflate(Buffer.alloc(200_000_000));
    assert(bomb.length < 250_000);
    client.frame(OPCODES.binary, bomb, { rsv: RSV1 });
    assert.equal(await client.next(), 'close 1009');
    await client.closed();
    other.text('undisturbed');
    assert.equal(await other.next(), 'text undisturbed');
  });

  it('does not make more of many fragments than is allowed', async () => {
    const bench = await start(true, { maxMessageBytes: 100_000 });
    const client = await bench.open('/ws', OFFER);
    const bomb = deflate(Buffer.alloc(100_001));
    for (let at = 0; at < bomb.length; at += 20) {
      const isFirst = at === 0;
      client.frame(isFirst ? OPCODES.binary : OPCODES.continuation, bomb.subarray(at, at + 20), {
        rsv: isFirst ? RSV1 : 0,
        fin: at + 20 >= bomb.length,
      });
    }
    assert.equal(await client.next(), 'close 1009');
    const fits = await bench.open('/ws', OFFER);
    fits.frame(OPCODES.binary, deflate(Buffer.alloc(100_000)), { rsv: RSV1 });
    await eventually(() => bench.origin.requests.some(({ body }) => body.length > 100_000), 'it is heard');
  });

  const wrong: [what: string, payload: Buffer, shape: object, opcode: number, code: number][] = [
    ['data that cannot be undone', Buffer.from('ffffffff', 'hex'), { rsv: RSV1 }, OPCODES.text, 1007],
    ['a ping that is compressed', deflate('p'), { rsv: RSV1 }, OPCODES.ping, 1002],
    ['RSV2 as well', deflate('p'), { rsv: 6 }, OPCODES.text, 1002],
    ['text that is no UTF-8', deflate(Buffer.from([0xff])), { rsv: RSV1 }, OPCODES.text, 1007],
    ['a continuation of nothing', deflate('p'), { rsv: RSV1 }, OPCODES.continuation, 1002],
  ];
  for (const [what, payload, shape, opcode, code] of wrong) {
    it(`is no excuse for ${what}: ${code}`, async () => {
      const bench = await start();
      const client = await bench.open('/ws', OFFER);
      client.frame(opcode, payload, shape);
      assert.equal(await client.next(), `close ${code}`);
      await client.closed();
      await eventually(() => asked(bench).at(-1) === 'DISCONNECT\r\n', 'the origin is told');
    });
  }

  it('can end in the middle, and goes on for others', async () => {
    const bench = await start();
    const content = deflate(Buffer.alloc(1_000_000, 'abc'));
    for (let i = 0; i < 40; i++) {
      const client = await bench.open('/ws', OFFER);
      for (let n = 0; n < 5; n++) client.frame(OPCODES.binary, content, { rsv: RSV1 });
      if (i % 2 === 0) client.raw.reset();
      else client.destroy();
    }
    await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    const client = await bench.open('/ws', OFFER);
    client.frame(OPCODES.text, deflate('still there'), { rsv: RSV1 });
    assert.equal(await client.next(), 'text still there');
  });

  it('keeps the order of what is compressed and what is not', async () => {
    const bench = await start();
    const client = await bench.open('/ws', OFFER);
    const expected: string[] = [];
    for (let i = 0; i < 100; i++) {
      const text = `${i}`.padEnd(i % 3 === 0 ? 500 : 10);
      if (i % 2 === 0) client.frame(OPCODES.text, deflate(text), { rsv: RSV1 });
      else client.text(text);
      expected.push(`text ${text}`);
    }
    await client.count(100);
    assert.deepEqual(client.received, expected);
  });

  it('is understood by the package ws', async () => {
    const bench = await start();
    const client = new WebSocket(`ws://127.0.0.1:${bench.server.port}/`, {
      perMessageDeflate: { threshold: 0 },
    });
    await once(client, 'open');
    assert.match(client.extensions, /permessage-deflate/);
    for (const size of [0, 1, 1000, 1024, 20_000, 1_000_000]) {
      const content = Buffer.alloc(size, 'abc');
      client.send(content);
      const [data] = (await once(client, 'message')) as [Buffer];
      assert(data.equals(content), `${size} bytes`);
    }
    client.close(1000);
    await once(client, 'close');
  });
});
