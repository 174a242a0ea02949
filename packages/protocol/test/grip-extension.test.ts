import assert from 'node:assert/strict';
import { parseGripExtension } from '@p-8/protocol';
import fc from 'fast-check';
import { fields } from './helpers.js';

function prefix(...values: string[]): string | undefined {
  const lines = values.map((value) => `Sec-WebSocket-Extensions: ${value}`);
  return parseGripExtension(fields(...lines))?.messagePrefix;
}

describe('the extension grip', () => {
  it('is absent without the field', () => assert.equal(parseGripExtension([]), undefined));

  const table: [string, string | undefined][] = [
    ['grip', 'm:'],
    ['grip; message-prefix=""', ''],
    ['grip; message-prefix="x;y"', 'x;y'],
    ['grip;message-prefix=x:', 'x:'],
    ['grip ; message-prefix = x:', 'x:'],
    ['grip; message-prefix="a\\"b\\\\"', 'a"b\\'],
    ['grip; message-prefix="a,b", foo', 'a,b'],
    ['grip; message-prefix=a; message-prefix=b', 'b'],
    ['grip; Message-Prefix=a', 'm:'],
    ['grip; other=1', 'm:'],
    ['grip; message-prefix', ''],
    ['grip; message-prefix=; x=1', ''],
    ['foo, grip', 'm:'],
    ['foo; x="grip, grip", grip; message-prefix=a', 'a'],
    ['foo; x="a, grip; message-prefix=b"', undefined],
    ['grip; message-prefix="\xe2\x98\x83"', '☃'],
    ['grip; message-prefix=a, grip; message-prefix=b', 'a'],
    ['grip; message-prefix=', undefined],
    ['grip; x=1; y=', undefined],
    ['grip; message-prefix="x', undefined],
    ['grip; message-prefix="x\\', undefined],
    ['GRIP', undefined],
    ['grips', undefined],
    ['x-grip', undefined],
    ['permessage-deflate', undefined],
    ['', undefined],
  ];
  for (const [value, expected] of table) {
    const found = expected === undefined ? 'is absent in' : `has the prefix '${expected}' in`;
    it(`${found} ${value}`, () => assert.equal(prefix(value), expected));
  }

  it('may be in any of several fields', () => {
    assert.equal(prefix('foo', 'grip; message-prefix=a', 'grip'), 'a');
  });

  it('comes with any prefix that is quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        const quoted = text.replaceAll(/["\\]/g, '\\$&');
        assert.equal(prefix(`foo, grip; x=1; message-prefix="${quoted}"; y`), text);
      }),
    );
  });
});
