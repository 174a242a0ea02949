import assert from 'node:assert/strict';
import {
  binaryToBytes,
  bytesToBinary,
  decodeBase64,
  decodeHeaderText,
  decodeUtf8,
  decodeUtf8Strict,
  encodeBase64,
  encodeHeaderText,
  encodeUtf8,
  formatGripLast,
  isFieldValue,
  parseInteger,
  toInteger,
  trimAscii,
} from '@p-8/protocol';
import fc from 'fast-check';
import { bytes } from './helpers.js';

const wellFormed = fc.string({ unit: 'binary' }).map((value) => decodeUtf8(encodeUtf8(value)));

describe('base64', () => {
  const table: [string, string, string][] = [
    ['with padding', 'Zm9vYg==', 'foob'],
    ['without padding', 'Zm9vYg', 'foob'],
    ['in lines', 'Zm9v\r\nYmFy\n', 'foobar'],
    ['with anything between', 'Z!m*9v ☃', 'foo'],
    ['of nothing', '', ''],
    ['of bits that make no byte', 'Z', ''],
  ];
  for (const [name, encoded, expected] of table) {
    it(`decodes ${name}`, () => assert.deepEqual(decodeBase64(encoded), bytes(expected)));
  }

  it('decodes the alphabet of URLs too', () => {
    assert.deepEqual(decodeBase64('-_8='), decodeBase64('+/8='));
  });

  it('agrees with the platform, and decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (value) => {
        const encoded = encodeBase64(value);
        assert.equal(encoded, Buffer.from(value).toString('base64'));
        assert.deepEqual([...decodeBase64(encoded)], [...value]);
      }),
    );
  });
});

describe('text', () => {
  it('knows what is UTF-8', () => {
    assert.equal(decodeUtf8Strict(Uint8Array.of(0xc3, 0xa9)), 'é');
    assert.equal(decodeUtf8Strict(Uint8Array.of(0xc3)), undefined);
    assert.equal(decodeUtf8(Uint8Array.of(0x61, 0xc3)), 'a\ufffd');
  });

  it('keeps a byte order mark', () => {
    assert.deepEqual(encodeUtf8(decodeUtf8(bytes('\ufeffa'))), bytes('\ufeffa'));
  });

  it('trims white space of ASCII only', () => {
    assert.equal(trimAscii(' \t\r\n\v\fa b\xa0 '), 'a b\xa0');
    assert.equal(trimAscii('  '), '');
  });

  it('turns bytes to characters and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (value) => {
        assert.deepEqual([...binaryToBytes(bytesToBinary(value))], [...value]);
      }),
    );
  });

  it('comes back from a header as it was put in', () => {
    fc.assert(
      fc.property(wellFormed, (value) => {
        const header = encodeHeaderText(value);
        // Text whose characters happen to be the bytes of other text is the one thing that cannot be told apart.
        fc.pre(header !== value || /^[\0-\x7f]*$/.test(value));
        assert.equal(decodeHeaderText(header), value);
      }),
    );
  });
});

describe('integers', () => {
  const headers: [string, number | undefined][] = [
    ['0', 0],
    ['55', 55],
    [' 7 ', 7],
    ['+7', 7],
    ['-1', -1],
    ['-0', 0],
    ['0007', 7],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
    ['2147483648', undefined],
    ['99999999999999999999', undefined],
    ['', undefined],
    ['-', undefined],
    ['abc', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['1 2', undefined],
    ['٣', undefined],
  ];
  for (const [value, expected] of headers) {
    it(`reads '${value}' in a header as ${expected}`, () => assert.equal(parseInteger(value), expected));
  }

  const json: [unknown, number | undefined][] = [
    [201, 201],
    ['201', 201],
    [-1, -1],
    [-0, 0],
    [3_000_000_000, 3_000_000_000],
    [200.6, undefined],
    [2 ** 53, undefined],
    [Number.NaN, undefined],
    [true, undefined],
    ['abc', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [[1], undefined],
    [{}, undefined],
  ];
  for (const [value, expected] of json) {
    it(`reads ${typeof value} ${JSON.stringify(value)} in JSON as ${expected}`, () => {
      assert.equal(toInteger(value), expected);
    });
  }
});

describe('Grip-Last', () => {
  it('names the channel and the id, without escaping', () => {
    assert.equal(formatGripLast('test', 'a'), 'test; last-id=a');
    assert.equal(formatGripLast('a b', ''), 'a b; last-id=');
  });

  it('is UTF-8', () => {
    assert.equal(formatGripLast('é', '1'), '\xc3\xa9; last-id=1');
  });

  it('does not exist for names that would break the request', () => {
    assert.equal(formatGripLast('a\r\nX-Evil: 1', '1'), undefined);
    assert.equal(formatGripLast('a', '1\n'), undefined);
  });

  it('is always a value that a header can have', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (channel, id) => {
        assert.equal(isFieldValue(formatGripLast(channel, id) ?? ''), true);
      }),
    );
  });
});
