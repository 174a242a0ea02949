import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { closePayload, OPCODES, writeFrame } from '../../../test/support/ws-frames.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

const MASKED = { mask: true };
const MORE = { mask: true, fin: false };

/** Byte sequences that are no UTF-8: overlong, surrogates, beyond Unicode, cut off. */
const NOT_UTF8 = ['ff', 'c080', 'eda080', 'f4908080', 'e282', '61c3', 'c3c3'];

describe('the frames of a client', () => {
  const stage = useStage();

  /** A client, and another one that must not be disturbed. */
  async function open(options = {}): Promise<{ bench: WebSocketBench; client: WsClient; other: WsClient }> {
    const bench = await WebSocketBench.overHttp(stage(), undefined, options);
    const other = await bench.open('/other');
    return { bench, client: await bench.open(), other };
  }

  /** The other client can still say something. */
  async function undisturbed(bench: WebSocketBench, other: WsClient): Promise<void> {
    other.text('undisturbed');
    await eventually(() => asked(bench).join('').includes('undisturbed'), 'the other one is heard');
    assert.equal(other.ending, undefined);
  }

  const wrong: [what: string, frames: Buffer[], code: number][] = [
    ['have RSV1 set without an extension', [writeFrame(OPCODES.text, 'x', { ...MASKED, rsv: 4 })], 1002],
    ['have RSV2 set', [writeFrame(OPCODES.text, 'x', { ...MASKED, rsv: 2 })], 1002],
    ['have RSV3 set', [writeFrame(OPCODES.ping, 'x', { ...MASKED, rsv: 1 })], 1002],
    ['are not masked', [writeFrame(OPCODES.text, 'x')], 1002],
    ['are a Close that is not masked', [writeFrame(OPCODES.close, '')], 1002],
    ['have opcode 3', [writeFrame(3, 'x', MASKED)], 1002],
    ['have opcode 7', [writeFrame(7, '', MASKED)], 1002],
    ['have opcode 11', [writeFrame(11, '', MASKED)], 1002],
    ['have opcode 15', [writeFrame(15, '', MASKED)], 1002],
    ['continue nothing', [writeFrame(OPCODES.continuation, 'x', MASKED)], 1002],
    [
      'continue nothing any more',
      [writeFrame(OPCODES.text, 'x', MASKED), writeFrame(OPCODES.continuation, 'x', MASKED)],
      1002,
    ],
    [
      'begin a message within a message',
      [writeFrame(OPCODES.text, 'x', MORE), writeFrame(OPCODES.text, 'x', MASKED)],
      1002,
    ],
    ['are a ping in parts', [writeFrame(OPCODES.ping, 'x', MORE)], 1002],
    ['are a Close in parts', [writeFrame(OPCODES.close, '', MORE)], 1002],
    ['are a ping of 126 bytes', [writeFrame(OPCODES.ping, 'x'.repeat(126), MASKED)], 1002],
    ['are a pong of 64 kB', [writeFrame(OPCODES.pong, 'x'.repeat(65_536), MASKED)], 1002],
    [
      'are a Close of 126 bytes',
      [writeFrame(OPCODES.close, closePayload(1000, 'x'.repeat(124)), MASKED)],
      1002,
    ],
    ['are a Close of one byte', [writeFrame(OPCODES.close, 'x', MASKED)], 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code): [string, Buffer[], number] => [
      `are a Close with code ${code}`,
      [writeFrame(OPCODES.close, closePayload(code), MASKED)],
      1002,
    ]),
    [
      'are a Close whose reason is no UTF-8',
      [writeFrame(OPCODES.close, closePayload(1000, Buffer.from([0xff])), MASKED)],
      1007,
    ],
    ...NOT_UTF8.map((hex): [string, Buffer[], number] => [
      `are text of ${hex}, which is no UTF-8`,
      [writeFrame(OPCODES.text, Buffer.from(hex, 'hex'), MASKED)],
      1007,
    ]),
    [
      'are fragments that are no UTF-8 together',
      [
        writeFrame(OPCODES.text, Buffer.from('c3', 'hex'), MORE),
        writeFrame(OPCODES.continuation, 'x', MASKED),
      ],
      1007,
    ],
    ['are larger than is allowed', [writeFrame(OPCODES.binary, Buffer.alloc(1_048_577), MASKED)], 1009],
    ['say that they are larger than anything', [Buffer.from('82ffffffffffffffffff00000000', 'hex')], 1009],
    ['say that they are larger than numbers go', [Buffer.from('82ff002000000000000000000000', 'hex')], 1009],
    ['say that they are larger than is allowed', [Buffer.from('82ff000000000010000100000000', 'hex')], 1009],
    [
      'are fragments that are larger than is allowed together',
      [
        writeFrame(OPCODES.text, 'x'.repeat(1_000_000), MORE),
        writeFrame(OPCODES.continuation, 'x'.repeat(48_576), MORE),
        writeFrame(OPCODES.continuation, 'x', MASKED),
      ],
      1009,
    ],
    [
      'are more fragments than is allowed',
      [
        writeFrame(OPCODES.text, 'x', MORE),
        Buffer.concat(Array.from({ length: 16_384 }, () => writeFrame(OPCODES.continuation, 'x', MORE))),
      ],
      1008,
    ],
    [
      'are more empty fragments than is allowed',
      [
        writeFrame(OPCODES.text, '', MORE),
        Buffer.concat(Array.from({ length: 16_384 }, () => writeFrame(OPCODES.continuation, '', MORE))),
      ],
      1008,
    ],
  ];
  for (const [what, frames, code] of wrong) {
    it(`that ${what} are answered with ${code}, and the origin with DISCONNECT`, async () => {
      const { bench, client, other } = await open();
      client.write(Buffer.concat(frames));
      assert.equal(await client.next(), `close ${code}`);
      assert.equal(await client.closed(), 'ended');
      await eventually(
        () => asked(bench).at(-1) === 'DISCONNECT\r\n',
        () => String(asked(bench)),
      );
      await undisturbed(bench, other);
    });
  }

  it('that come before a wrong one are heard, none that come after it', async () => {
    const { bench, client } = await open();
    client.write(
      Buffer.concat([
        writeFrame(OPCODES.text, 'before', MASKED),
        writeFrame(3, '', MASKED),
        writeFrame(OPCODES.text, 'after', MASKED),
      ]),
    );
    assert.equal(await client.next(), 'close 1002');
    await eventually(
      () => asked(bench).at(-1) === 'DISCONNECT\r\n',
      () => String(asked(bench)),
    );
    assert.deepEqual(asked(bench), ['OPEN\r\n', 'OPEN\r\n', 'TEXT 6\r\nbefore\r\n', 'DISCONNECT\r\n']);
  });

  it('that are wrong end the connection even where the client goes on', async () => {
    const { bench, client } = await open();
    client.write(writeFrame(3, '', MASKED));
    await client.next();
    const flood = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 5; i++) client.write(flood);
    await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
    await bench.pass(10_000);
    await client.closed();
  });

  const right: [what: string, frames: Buffer[], events: string][] = [
    ['are empty', [writeFrame(OPCODES.text, '', MASKED)], 'TEXT\r\n'],
    ['are in one byte’s pieces', [writeFrame(OPCODES.text, 'hello', MASKED)], 'TEXT 5\r\nhello\r\n'],
    [
      'have control frames between fragments',
      [
        writeFrame(OPCODES.text, 'a', MORE),
        writeFrame(OPCODES.ping, 'p', MASKED),
        writeFrame(OPCODES.continuation, 'b', MORE),
        writeFrame(OPCODES.pong, 'q', MASKED),
        writeFrame(OPCODES.continuation, 'c', MASKED),
      ],
      'PING 1\r\np\r\nPONG 1\r\nq\r\nTEXT 3\r\nabc\r\n',
    ],
    [
      'cut a character in two',
      [
        writeFrame(OPCODES.text, Buffer.from('f09f', 'hex'), MORE),
        writeFrame(OPCODES.continuation, Buffer.from('9880', 'hex'), MASKED),
      ],
      'TEXT 4\r\n\xf0\x9f\x98\x80\r\n',
    ],
    [
      'have empty fragments',
      [
        writeFrame(OPCODES.binary, '', MORE),
        writeFrame(OPCODES.continuation, 'x', MORE),
        writeFrame(OPCODES.continuation, '', MASKED),
      ],
      'BINARY 1\r\nx\r\n',
    ],
    [
      'have a length that is written long',
      [Buffer.from('81fe00020000000061 62'.replace(' ', ''), 'hex')],
      'TEXT 2\r\nab\r\n',
    ],
    ['are masked with zeros', [Buffer.from('8182000000006162', 'hex')], 'TEXT 2\r\nab\r\n'],
    [
      'are a binary that is no UTF-8',
      [writeFrame(OPCODES.binary, Buffer.from([0xff]), MASKED)],
      'BINARY 1\r\n\xff\r\n',
    ],
    [
      'are a ping of 125 bytes',
      [writeFrame(OPCODES.ping, 'x'.repeat(125), MASKED)],
      `PING 7d\r\n${'x'.repeat(125)}\r\n`,
    ],
  ];
  for (const [what, frames, expected] of right) {
    for (const how of ['at once', 'byte by byte']) {
      it(`that ${what} are heard, ${how}`, async () => {
        const { bench, client } = await open();
        const bytes = Buffer.concat(frames);
        if (how === 'at once') client.write(bytes);
        else
          for (const byte of bytes) {
            client.write(Buffer.from([byte]));
            await settle(2);
          }
        const heard = (): string => asked(bench).slice(2).join('');
        await eventually(() => heard().length >= expected.length, heard);
        assert.equal(heard(), expected);
      });
    }
  }

  for (const code of [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ]) {
    it(`may be a Close with code ${code}`, async () => {
      const { client } = await open();
      client.close(code, 'r'.repeat(123));
      assert.equal(await client.next(), `close ${code} ${'r'.repeat(123)}`);
      await client.closed();
    });
  }

  it('after a Close are not heard', async () => {
    const { bench, client } = await open();
    client.write(
      Buffer.concat([
        writeFrame(OPCODES.text, 'before', MASKED),
        writeFrame(OPCODES.close, closePayload(1000), MASKED),
        writeFrame(OPCODES.text, 'after', MASKED),
        writeFrame(3, 'wrong', MASKED),
      ]),
    );
    assert.equal(await client.next(), 'close 1000');
    await client.closed();
    assert(!asked(bench).join('').includes('after'));
  });

  it('may be as large as is allowed', async () => {
    const { bench, client } = await open({ proxy: { maxMessageBytes: 100 } });
    client.binary('x'.repeat(100));
    await bench.origin.completeRequest(2);
    client.frame(OPCODES.text, 'x'.repeat(60), { fin: false });
    client.frame(OPCODES.continuation, 'x'.repeat(40));
    await bench.origin.completeRequest(3);
    client.binary('x'.repeat(101));
    assert.equal(await client.next(), 'close 1009');
  });

  it('that stop half way hold nothing up, and are lost with the client', async () => {
    const { bench, client, other } = await open();
    const whole = writeFrame(OPCODES.text, 'hello', MASKED);
    for (let length = 1; length < whole.length; length++) {
      const half = await bench.open();
      half.write(whole.subarray(0, length));
      await settle(5);
      half.destroy();
    }
    client.write(whole.subarray(0, 7));
    await bench.pass(1_000_000);
    await undisturbed(bench, other);
    client.write(whole.subarray(7));
    await eventually(() => asked(bench).includes('TEXT 5\r\nhello\r\n'), 'the rest');
    assert.equal(asked(bench).filter((body) => body === 'TEXT 5\r\nhello\r\n').length, 1);
  });

  it('that stop half way, at a Close of ours, are cut after 10 seconds', async () => {
    const { bench, client } = await open();
    client.write(writeFrame(OPCODES.text, 'hello', MASKED).subarray(0, 5));
    await settle(40);
    const closed = bench.proxy.close();
    assert.equal(await client.next(), 'close 1012');
    await bench.pass(10_000);
    await client.closed();
    await closed;
  });

  it('in thousands of fragments are heard, in tiny pieces too', async () => {
    const { bench, client } = await open();
    client.frame(OPCODES.text, 'x', { fin: false });
    for (let i = 0; i < 4000; i++) client.frame(OPCODES.continuation, 'x', { fin: false });
    client.frame(OPCODES.continuation, 'x');
    const { body } = await bench.origin.completeRequest(2);
    assert.equal(String(body), `TEXT fa2\r\n${'x'.repeat(4002)}\r\n`);
  });
});
