import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { isSameSecret, keyBytes, Signer, Verifier } from '../src/http/signature.js';
import { pem } from './support/tokens.js';

const HOUR = 3600;
const EXPIRES_2033 =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.ES5KI6pKMgPffggRplKz8TY3v-yb95S_9I5OGDHHOVY';
const EXPIRED_2001 =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDAsImlzcyI6InB1c2hwaW4ifQ.LZbWlcCOngm3npiNS2QlorKyC4TiHd_TwJaWeOgQMOg';
const WITHOUT_EXP =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJwdXNocGluIn0.MVBKwZPdK7M6B4sjFQJ5HLiMjftn8oM-wDj_LXxlJpk';
const BINARY_KEY =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6InVwIn0.tDFR7QsjjWjmzm6heMB1QuEVha2Cy1VDSn_YiI9lnRg';

describe('Grip-Sig', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });

  it('is the token that Pushpin makes of the same claims and secret', () => {
    const then = new ManualClock();
    then.advance((2_000_000_000 - HOUR) * 1000 - then.now());
    const [header, claims] = new Signer('pushpin', 'changeme', then).token().split('.');
    assert.deepEqual(JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), {
      typ: 'JWT',
      alg: 'HS256',
    });
    assert.deepEqual(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()), {
      iss: 'pushpin',
      exp: 2_000_000_000,
    });
  });

  it('is valid for an hour, and made again when it is half a minute old', () => {
    const signer = new Signer('pushpin', 'changeme', clock);
    const first = signer.token();
    assert.equal(decodeJwt(first).exp, Math.floor(clock.now() / 1000) + HOUR);
    clock.advance(29_999);
    assert.equal(signer.token(), first);
    clock.advance(1);
    assert.equal(decodeJwt(signer.token()).exp, Math.floor(clock.now() / 1000) + HOUR);
  });

  it('is made again when the clock is set back', () => {
    const signer = new Signer('pushpin', 'changeme', clock);
    signer.token();
    clock.advance(-24 * HOUR * 1000);
    assert.equal(decodeJwt(signer.token()).exp, Math.floor(clock.now() / 1000) + HOUR);
  });

  const keys: [name: string, signs: string | Uint8Array, verifies: string | Uint8Array, algorithm: string][] =
    [
      ['text', 'secret', 'secret', 'HS256'],
      ['base64', 'base64:AWGA/g==', Buffer.from([1, 0x61, 0x80, 0xfe]), 'HS256'],
      ['an EC key', pem.ec.privateKey, pem.ec.publicKey, 'ES256'],
      ['an RSA key', pem.rsa.privateKey, pem.rsa.publicKey, 'RS256'],
      ['the bytes of an EC key', Buffer.from(pem.ec.privateKey), Buffer.from(pem.ec.publicKey), 'ES256'],
    ];
  for (const [name, signs, verifies, algorithm] of keys) {
    it(`T4 signed with ${name} is ${algorithm}, and verifies with the other half`, async () => {
      const token = new Signer('me', signs, clock).token();
      assert.equal(decodeProtectedHeader(token).alg, algorithm);
      assert.equal((await new Verifier(verifies, clock).verify(token))?.iss, 'me');
    });
  }

  const vectors: [name: string, token: string, key: string, trusted: boolean][] = [
    ['until 2033', EXPIRES_2033, 'changeme', true],
    ['with another key', EXPIRES_2033, 'changeme2', false],
    ['until 2001', EXPIRED_2001, 'changeme', false],
    ['without exp', WITHOUT_EXP, 'changeme', false],
    ['with a binary key', BINARY_KEY, 'base64:AWGA/g==', true],
    [
      'T5 without exp, for another purpose',
      'eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJmb28iOiAiYmFyIn0.oBia0Fph39FwQWv0TS7Disg4qa0aFa8qpMaYDrIXZqs',
      'secret',
      false,
    ],
    ['that is no token', 'abc', 'changeme', false],
    ['that is empty', '', 'changeme', false],
  ];
  for (const [name, token, key, trusted] of vectors) {
    it(`${name}: ${trusted ? 'trusted' : 'not trusted'}`, async () => {
      assert.equal((await new Verifier(key, clock).verify(token)) !== undefined, trusted);
    });
  }

  it('is not trusted any more from the second on in which it expires', async () => {
    const token = new Signer('me', 'secret', clock).token();
    const verifier = new Verifier('secret', clock);
    clock.advance(HOUR * 1000 - 1000);
    assert(await verifier.verify(token));
    clock.advance(1000);
    assert.equal(await verifier.verify(token), undefined);
  });

  it('wants a key that it can use: the error says so', () => {
    const optionError = { code: 'GRIP_ERR_OPTION' };
    const p384 = generateKeyPairSync('ec', {
      namedCurve: 'P-384',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const ed25519 = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    for (const key of ['-----BEGIN RUBBISH', pem.ec.publicKey, p384.privateKey, ed25519.privateKey]) {
      assert.throws(() => new Signer('me', key, clock), optionError, key);
    }
    for (const key of ['-----BEGIN RUBBISH', p384.publicKey, ed25519.publicKey]) {
      assert.throws(() => new Verifier(key, clock), optionError, key);
    }
  });

  it('is never made, nor trusted, with an empty key', () => {
    for (const key of ['', 'base64:', new Uint8Array(0)]) {
      assert.throws(() => new Signer('me', key, clock), { code: 'GRIP_ERR_OPTION' });
      assert.throws(() => new Verifier(key, clock), { code: 'GRIP_ERR_OPTION' });
    }
  });
});

describe('secrets', () => {
  it('are the same when all their bytes are', () => {
    assert.equal(isSameSecret(Buffer.from('secret'), Buffer.from('secret')), true);
    for (const other of ['', 'secre', 'secret ', 'Secret'])
      assert.equal(isSameSecret(Buffer.from('secret'), Buffer.from(other)), false);
  });

  it('are text, or base64', () => {
    assert.deepEqual(keyBytes('base64:AWGA/g=='), Buffer.from([1, 0x61, 0x80, 0xfe]));
    assert.deepEqual(keyBytes('plain'), Buffer.from('plain'));
  });
});
