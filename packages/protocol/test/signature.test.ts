import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { areGripSigClaimsValid, decodeUtf8, formatKey, gripSigClaims, isPem, parseKey } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes } from './helpers.js';

const HEADER = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9';
const NOW = 1_700_000_000;

/** The claims of a token, if the key has signed it. */
function claims(token: string, key: Uint8Array | undefined): unknown {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const expected = createHmac('sha256', key ?? '')
    .update(`${header}.${payload}`)
    .digest('base64url');
  return signature === expected ? JSON.parse(Buffer.from(payload, 'base64url').toString()) : undefined;
}

describe('the claims of Grip-Sig', () => {
  it('name the issuer and last an hour', () => {
    assert.deepEqual(gripSigClaims('pushpin', NOW), { iss: 'pushpin', exp: NOW + 3600 });
    assert.deepEqual(gripSigClaims('pushpin', NOW + 0.9), { iss: 'pushpin', exp: NOW + 3600 });
  });

  it('are valid for as long', () => {
    const made = gripSigClaims('x', NOW);
    assert.equal(areGripSigClaimsValid(made, NOW + 3599), true);
    assert.equal(areGripSigClaimsValid(made, NOW + 3600), false);
  });

  const tokens: [string, string, string, boolean][] = [
    [
      'that last',
      'changeme',
      `${HEADER}.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.ES5KI6pKMgPffggRplKz8TY3v-yb95S_9I5OGDHHOVY`,
      true,
    ],
    [
      'that last, with a binary key',
      'base64:AWGA/g==',
      `${HEADER}.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InVwIn0.tDFR7QsjjWjmzm6heMB1QuEVha2Cy1VDSn_YiI9lnRg`,
      true,
    ],
    [
      'that are over',
      'changeme',
      `${HEADER}.eyJleHAiOjEwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.LZbWlcCOngm3npiNS2QlorKyC4TiHd_TwJaWeOgQMOg`,
      false,
    ],
    [
      'without an end',
      'changeme',
      `${HEADER}.eyJpc3MiOiJwdXNocGluIn0.MVBKwZPdK7M6B4sjFQJ5HLiMjftn8oM-wDj_LXxlJpk`,
      false,
    ],
    [
      'of some other kind',
      'secret',
      'eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJmb28iOiAiYmFyIn0.oBia0Fph39FwQWv0TS7Disg4qa0aFa8qpMaYDrIXZqs',
      false,
    ],
  ];
  for (const [name, key, token, valid] of tokens) {
    it(`are ${valid ? 'valid' : 'not valid'} in a token with claims ${name}`, () => {
      const payload = claims(token, parseKey(key));
      assert.notEqual(payload, undefined);
      assert.equal(areGripSigClaimsValid(payload, NOW), valid);
    });
  }

  it('may be from after 2038', () => {
    assert.equal(areGripSigClaimsValid({ exp: 2 ** 40 }, NOW), true);
  });

  const invalid: unknown[] = [
    undefined,
    null,
    'x',
    [],
    {},
    { exp: NOW },
    { exp: 0 },
    { exp: -1 },
    { exp: String(NOW + 60) },
    { exp: NOW + 60.5 },
    { exp: 2 ** 53 },
    { exp: null },
    { exp: Number.POSITIVE_INFINITY },
    JSON.parse(`{"__proto__":{"exp":${NOW + 60}}}`),
  ];
  for (const payload of invalid) {
    it(`are not valid as ${JSON.stringify(payload)}`, () => {
      assert.equal(areGripSigClaimsValid(payload, NOW), false);
    });
  }

  it('need a positive end even where the clock is wrong', () => {
    assert.equal(areGripSigClaimsValid({ exp: -1 }, -100), false);
  });
});

describe('keys', () => {
  it('are text, or bytes in base64', () => {
    assert.deepEqual(parseKey('changeme'), bytes('changeme'));
    assert.deepEqual(parseKey('é'), bytes('é'));
    assert.deepEqual(parseKey('base64:AWGA/g=='), Uint8Array.of(0x01, 0x61, 0x80, 0xfe));
  });

  it('are none when empty', () => {
    assert.equal(parseKey(''), undefined);
    assert.equal(parseKey('base64:'), undefined);
    assert.equal(parseKey('base64:%'), undefined);
  });

  it('are recognised when they are PEM', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\n';
    assert.equal(isPem(pem), true);
    assert.equal(isPem(parseKey(pem) ?? ''), true);
    assert.equal(isPem('changeme'), false);
    assert.equal(isPem(bytes('-----BEG')), false);
    assert.equal(isPem(Uint8Array.of(0xff)), false);
  });

  it('come back from their text', () => {
    assert.equal(formatKey(bytes('changeme')), 'changeme');
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ minLength: 1 }), fc.constant(bytes('base64:x'))), (key) => {
        assert.deepEqual([...(parseKey(formatKey(key)) ?? [])], [...key]);
      }),
    );
    assert.equal(decodeUtf8(parseKey(formatKey(bytes('base64:x'))) ?? bytes('')), 'base64:x');
  });
});
