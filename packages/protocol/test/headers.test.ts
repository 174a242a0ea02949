import assert from 'node:assert/strict';
import {
  endToEndHeaders,
  headerValue,
  headerValues,
  isFieldValue,
  isGripHeader,
  isHopByHop,
  isToken,
} from '@p-8/protocol';
import fc from 'fast-check';
import { fields } from './helpers.js';

describe('header lists', () => {
  const headers = fields('Fruit: apple', 'Colour: red', 'FRUIT: banana');

  it('finds the first value whatever the case of the name', () => {
    assert.equal(headerValue(headers, 'fruit'), 'apple');
    assert.equal(headerValue(headers, 'Shape'), undefined);
  });

  it('finds all values in their order', () => {
    assert.deepEqual(headerValues(headers, 'Fruit'), ['apple', 'banana']);
    assert.deepEqual(headerValues(headers, 'Shape'), []);
  });
});

describe('fields that belong to GRIP', () => {
  for (const name of ['Grip-Hold', 'grip-anything', 'GRIP-SIG', 'Grip_Sig', 'grip_hold', 'Grip-']) {
    it(`has ${name}`, () => assert.equal(isGripHeader(name), true));
  }
  for (const name of ['Grip', 'Gripe-Hold', 'X-Grip-Hold', 'Gri-p', '']) {
    it(`does not have '${name}'`, () => assert.equal(isGripHeader(name), false));
  }
});

describe('fields that go no further than one hop', () => {
  it('are those of RFC 9110, and Trailer', () => {
    for (const name of ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', 'trailer']) {
      assert.equal(isHopByHop(name), true, name);
    }
    assert.equal(isHopByHop('content-encoding'), false);
  });

  it('are left out, with those that Connection names and Content-Length', () => {
    const headers = fields(
      'Connection: close, X-Hop',
      'x-hop: 1',
      'Transfer-Encoding: chunked',
      'CONTENT-LENGTH: 5',
      'Content-Type: text/plain',
      'Set-Cookie: a',
      'Set-Cookie: b',
    );
    const expected = fields('Content-Type: text/plain', 'Set-Cookie: a', 'Set-Cookie: b');
    assert.deepEqual(endToEndHeaders(headers), expected);
  });
});

describe('what a field may be made of', () => {
  it('takes tokens as names', () => {
    for (const name of ['X-A', 'a', "!#$%&'*+-.^_`|~09azAZ"]) assert.equal(isToken(name), true, name);
  });

  for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'a\0', 'naïve', 'a,b', '(a)', 'a/b', 'a"']) {
    it(`refuses ${JSON.stringify(name)} as a name`, () => assert.equal(isToken(name), false));
  }

  it('takes tab and bytes above ASCII in values', () => {
    assert.equal(isFieldValue('a\tb \x80\xff~'), true);
    assert.equal(isFieldValue(''), true);
  });

  it('refuses control characters and wider characters in values', () => {
    const refused = fc.oneof(
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 10, max: 31 }),
      fc.constant(127),
      fc.integer({ min: 256, max: 65535 }),
    );
    fc.assert(
      fc.property(refused, fc.string(), fc.string(), (code, before, after) => {
        assert.equal(isFieldValue(before + String.fromCharCode(code) + after), false);
      }),
    );
  });
});
