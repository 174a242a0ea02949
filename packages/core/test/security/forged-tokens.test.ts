import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Verifier } from '../../src/http/signature.js';
import { forge, pem } from '../support/tokens.js';

const NOW = Math.floor(new ManualClock().now() / 1000);
const CLAIMS = { iss: 'pushpin', exp: NOW + 3600 };
const HS256 = { typ: 'JWT', alg: 'HS256' };
const publicJwk = createPublicKey(pem.ec.publicKey).export({ format: 'jwk' });

/** A good token with something changed after it was signed. */
function tampered(change: (parts: string[]) => string[]): string {
  return change(forge(HS256, CLAIMS, 'secret').split('.')).join('.');
}

function signedByRsa(alg: string): string {
  const head = Buffer.from(JSON.stringify({ alg })).toString('base64url');
  const data = `${head}.${Buffer.from(JSON.stringify(CLAIMS)).toString('base64url')}`;
  const key = createPrivateKey(pem.rsa.privateKey);
  return `${data}.${sign('sha256', Buffer.from(data), key).toString('base64url')}`;
}

describe('threat 5: confused or forged tokens', () => {
  /** Each is refused by a verifier with the key named. */
  const forged: [name: string, token: string, key: string][] = [
    ['alg none', forge({ alg: 'none' }, CLAIMS), 'secret'],
    ['alg None', forge({ alg: 'None' }, CLAIMS), 'secret'],
    ['alg none, with a signature', forge({ alg: 'none' }, CLAIMS, 'secret'), 'secret'],
    ['no alg', forge({ typ: 'JWT' }, CLAIMS, 'secret'), 'secret'],
    ['no signature', forge(HS256, CLAIMS), 'secret'],
    ['another secret', forge(HS256, CLAIMS, 'other'), 'secret'],
    ['the empty secret', forge(HS256, CLAIMS, ''), 'secret'],
    ['HS256 with the public EC key as secret', forge(HS256, CLAIMS, pem.ec.publicKey), pem.ec.publicKey],
    ['HS256 with the public RSA key as secret', forge(HS256, CLAIMS, pem.rsa.publicKey), pem.rsa.publicKey],
    [
      'HS256 with the DER of the public key',
      forge(HS256, CLAIMS, createPublicKey(pem.rsa.publicKey).export({ type: 'spki', format: 'der' })),
      pem.rsa.publicKey,
    ],
    ['RS256 to a holder of a secret', signedByRsa('RS256'), 'secret'],
    ['RS256 to a holder of an EC key', signedByRsa('RS256'), pem.ec.publicKey],
    ['PS256 for RS256', signedByRsa('PS256'), pem.rsa.publicKey],
    ['HS512 for HS256', forge({ alg: 'HS512' }, CLAIMS, 'secret'), 'secret'],
    ['a key embedded in the header', forge({ alg: 'ES256', jwk: publicJwk }, CLAIMS, 'x'), pem.ec.publicKey],
    ['a key embedded for HS256', forge({ ...HS256, jwk: { kty: 'oct', k: 'eA' } }, CLAIMS, 'x'), 'secret'],
    ['kid as a path', forge({ ...HS256, kid: '/dev/null' }, CLAIMS, ''), 'secret'],
    ['kid as SQL', forge({ ...HS256, kid: "' UNION SELECT 'x" }, CLAIMS, 'x'), 'secret'],
    [
      'jku to a host of the attacker',
      forge({ alg: 'RS256', jku: 'http://evil/jwks' }, CLAIMS, 'x'),
      'secret',
    ],
    ['an unknown critical extension', forge({ ...HS256, crit: ['b65'], b65: 1 }, CLAIMS, 'secret'), 'secret'],
    ['b64: false', forge({ ...HS256, crit: ['b64'], b64: false }, CLAIMS, 'secret'), 'secret'],
    ['no exp', forge(HS256, { iss: 'pushpin' }, 'secret'), 'secret'],
    ['exp as text', forge(HS256, { exp: String(CLAIMS.exp) }, 'secret'), 'secret'],
    ['exp null', forge(HS256, { exp: null }, 'secret'), 'secret'],
    ['exp just passed', forge(HS256, { exp: NOW }, 'secret'), 'secret'],
    ['exp 0', forge(HS256, { exp: 0 }, 'secret'), 'secret'],
    ['exp negative', forge(HS256, { exp: -CLAIMS.exp }, 'secret'), 'secret'],
    ['not valid yet', forge(HS256, { ...CLAIMS, nbf: NOW + 60 }, 'secret'), 'secret'],
    ['claims that are no object', forge(HS256, [CLAIMS], 'secret'), 'secret'],
    [
      'other claims than were signed',
      tampered(([head = '', claims = '', tail = '']) => [head, `${claims}A`, tail]),
      'secret',
    ],
    [
      'a cut signature',
      tampered(([head = '', claims = '', tail = '']) => [head, claims, tail.slice(0, -2)]),
      'secret',
    ],
    ['a fourth part', tampered((parts) => [...parts, 'x']), 'secret'],
    ['two parts', tampered((parts) => parts.slice(0, 2)), 'secret'],
    ['control characters', 'a\0.b\r\n.c', 'secret'],
    ['100 kB of dots', '.'.repeat(100_000), 'secret'],
  ];
  for (const [name, token, key] of forged) {
    it(`refuses ${name}`, async () => {
      assert.equal(await new Verifier(key, new ManualClock()).verify(token), undefined);
    });
  }

  it('accepts the same token when nothing is wrong with it', async () => {
    const verifier = new Verifier('secret', new ManualClock());
    assert.deepEqual(await verifier.verify(forge(HS256, CLAIMS, 'secret')), CLAIMS);
    assert(await verifier.verify(forge({ ...HS256, kid: '/dev/null' }, CLAIMS, 'secret')));
  });
});
