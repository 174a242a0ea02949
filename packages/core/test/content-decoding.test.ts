import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import type { OriginResponse } from '@p-8/protocol';
import { eventually } from '../../../test/support/eventually.js';
import { CapturedResponse, type InstructReader } from '../src/http/captured-response.js';

/** Notes what becomes of a captured response. */
class Reader implements InstructReader {
  readonly log: string[] = [];
  response: OriginResponse | undefined;
  takesLarge = true;
  early = '';

  onInstruct(response: OriginResponse, sent: boolean): void {
    this.response = response;
    this.log.push(sent ? 'sent' : 'instruct');
  }

  onLargeInstruct(): { write: (chunk: Buffer) => boolean } | undefined {
    this.log.push('large');
    if (!this.takesLarge) return undefined;
    return {
      write: (chunk) => {
        this.early += chunk.toString('latin1');
        return true;
      },
    };
  }

  onBrokenInstruct(detail: string): void {
    this.log.push(`broken: ${detail}`);
  }

  onSourceResume(): void {}

  get body(): string {
    return Buffer.from(this.response?.body ?? []).toString();
  }
}

function capture(reader: Reader, ...headers: string[]): CapturedResponse {
  return new CapturedResponse(200, 'OK', ['Grip-Hold', 'stream', ...headers], reader);
}

const encoders: [coding: string, encode: (content: string) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['GZIP', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  [
    'br',
    (content) => zlib.brotliCompressSync(content, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
];

describe('a captured response', () => {
  for (const [coding, encode] of encoders) {
    it(`is decoded from ${coding}, and says no more that it was coded`, () => {
      const reader = new Reader();
      const bytes = encode('hello world');
      const captured = capture(
        reader,
        'Content-Encoding',
        coding,
        'Content-Length',
        String(bytes.length),
        'ETag',
        'x',
      );
      captured.write(bytes.subarray(0, 5));
      captured.write(bytes.subarray(5));
      captured.end();
      assert.equal(reader.body, 'hello world');
      assert.deepEqual(reader.response?.headers, ['Grip-Hold', 'stream', 'ETag', 'x']);
    });

    it(`streams decoded from ${coding} when it is large`, async () => {
      const reader = new Reader();
      const content = Array.from({ length: 60_000 }, (_, i) => `${i * 7919} `).join('');
      const captured = capture(reader, 'Content-Encoding', coding);
      const bytes = encode(content);
      assert(bytes.length > 100_000);
      for (let at = 0; at < bytes.length; at += 10_000) captured.write(bytes.subarray(at, at + 10_000));
      captured.end();
      await eventually(() => reader.log.length === 2, 'the end of the content');
      assert.deepEqual(reader.log, ['large', 'sent']);
      assert.equal(reader.early, content);
    });
  }

  for (const large of [false, true]) {
    it(`is refused where its coding is unknown, ${large ? 'large' : 'small'} as it may be`, () => {
      const reader = new Reader();
      const captured = capture(reader, 'Content-Encoding', 'x-own');
      captured.write(Buffer.alloc(large ? 100_001 : 3));
      captured.end();
      assert.deepEqual(reader.log, ['broken: the x-own body cannot be decoded']);
    });
  }

  it('is taken as it is where it says that it is not coded', () => {
    const reader = new Reader();
    const captured = capture(reader, 'Content-Encoding', 'identity');
    captured.write(Buffer.from('as it is'));
    captured.end();
    assert.equal(reader.body, 'as it is');
  });

  it('is broken when its coding is', () => {
    for (const body of ['no gzip', '\x1f\x8b\x08\x00truncated']) {
      const reader = new Reader();
      const captured = capture(reader, 'Content-Encoding', 'gzip');
      captured.write(Buffer.from(body, 'latin1'));
      captured.end();
      assert.deepEqual(reader.log, ['broken: the gzip body cannot be decoded']);
    }
  });

  it('is broken when a small body unfolds beyond all bounds', () => {
    const reader = new Reader();
    const captured = capture(reader, 'Content-Encoding', 'gzip');
    captured.write(zlib.gzipSync(Buffer.alloc(50_000_000)));
    captured.end();
    assert.deepEqual(reader.log, ['broken: the gzip body cannot be decoded']);
  });

  it('is large from one byte more than 100,000 on', () => {
    for (const [size, log] of [
      [100_000, ['instruct']],
      [100_001, ['large', 'sent']],
    ] as const) {
      const reader = new Reader();
      const captured = capture(reader);
      captured.write(Buffer.alloc(size - 1));
      captured.write(Buffer.alloc(1));
      captured.end();
      assert.deepEqual(reader.log, log);
    }
  });

  it('says nothing more once it was refused as too large', () => {
    const reader = new Reader();
    reader.takesLarge = false;
    const captured = capture(reader);
    captured.write(Buffer.alloc(100_001));
    captured.write(Buffer.alloc(100_001));
    captured.end();
    captured.fail('too late');
    assert.deepEqual(reader.log, ['large']);
  });

  it('tells once that it broke off', () => {
    const reader = new Reader();
    const captured = capture(reader);
    captured.write(Buffer.from('x'));
    captured.fail('cut');
    captured.fail('cut');
    captured.end();
    assert.deepEqual(reader.log, ['broken: cut']);
  });
});
