import assert from 'node:assert/strict';
import { createSecretKey, randomBytes, webcrypto } from 'node:crypto';
import * as theirs from '@fanoutio/grip';
import * as ours from '@p-8/publisher-client';
import fc from 'fast-check';
import { bytes, type Library } from './support/differences.js';
import { FORMS, formsOf, PAIRS } from './support/keys.js';

const tokenOf = async (auth: ours.Auth.IAuth): Promise<string> =>
  (await auth.buildHeader()).slice('Bearer '.length);

function partsOf(token: string): unknown[] {
  return token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
}

/** A key as it is loaded, by its kind and what it holds. */
function shown(key: unknown): unknown {
  return [(key as object).constructor.name, { ...(key as object) }];
}

describe('keys, as @fanoutio/grip loads them', () => {
  const jwk = ours.PUBLIC_KEY_FASTLY_FANOUT_JWK;
  const pem = ours.PUBLIC_KEY_FASTLY_FANOUT_PEM;
  const oct = { kty: 'oct', k: 'aGVsbG8' };
  const table: Readonly<Record<string, string | ours.Jwk | Uint8Array>> = {
    'a text': 'changeme',
    'no text': '',
    bytes: Uint8Array.of(0, 1, 255),
    base64: 'base64:aGVsbG8=',
    'base64 of a URL': 'base64:-_ 8',
    PEM: pem,
    'bytes of PEM': bytes(pem),
    'base64 of PEM': `base64:${Buffer.from(pem).toString('base64')}`,
    'a JWK': jwk,
    'a secret JWK': oct,
    'JSON of a JWK': JSON.stringify(jwk),
    'bytes of JSON of a JWK': bytes(JSON.stringify(oct)),
    'JSON of something else': '{"a":1}',
    'broken JSON': '{"kty":',
    'bytes of broken JSON': bytes('{'),
    dashes: '-----',
  };
  for (const [name, key] of Object.entries(table)) {
    it(`are the same: ${name}`, () => {
      const [our, their] = [ours.loadKey(key), theirs.loadKey(key)];
      assert.deepEqual(shown(our), shown(their));
      assert.equal(ours.isSymmetricSecret(our), theirs.isSymmetricSecret(their));
    });
  }

  it('are loaded once', () => {
    for (const key of [new ours.PemKey(pem), new ours.JwkKey(jwk), createSecretKey(randomBytes(8))]) {
      assert.equal(ours.loadKey(key), key);
    }
  });

  it('are refused where they are no base64, and no PEM', () => {
    for (const lib of [ours, theirs]) {
      assert.throws(() => lib.loadKey('base64:!'), { name: 'TypeError', message: 'Invalid base64 sequence' });
      assert.throws(() => new lib.PemKey('changeme'), TypeError);
    }
  });
});

describe('tokens', () => {
  for (const [alg, make] of Object.entries(PAIRS)) {
    const pair = make();
    const [sign, verify] = [formsOf(pair, 'privateKey'), formsOf(pair, 'publicKey')];
    for (const form of FORMS) {
      it(`are signed and verified with ${form} for ${alg}, by both`, async () => {
        const token = await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, ours.loadKey(sign[form])));
        assert.deepEqual(partsOf(token)[0], { alg });
        const theirToken = await tokenOf(new theirs.Auth.Jwt({ iss: 'a' }, theirs.loadKey(sign[form]), alg));
        for (const one of [token, theirToken]) {
          for (const lib of [ours, theirs]) {
            const key = lib.loadKey(verify[form]) as never;
            assert.equal(await lib.validateSig(one, key, 'a'), true);
            assert.equal(await lib.validateSig(one, key, 'b'), false);
            assert.equal(await lib.validateSig(`${one.slice(0, -8)}AAAAAAAA`, key), false);
            assert.equal(await lib.validateSig(one, 'secret'), false);
          }
          // Keys that theirs has loaded, as their clients give them.
          assert.equal(await ours.validateSig(one, theirs.loadKey(verify[form]) as ours.LoadedKey), true);
        }
      });
    }

    it(`are signed and verified with keys of Node for ${alg}`, async () => {
      const token = await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, pair.privateKey));
      assert.deepEqual(partsOf(token)[0], { alg });
      for (const lib of [ours, theirs]) assert.equal(await lib.validateSig(token, pair.publicKey, 'a'), true);
    });
  }

  it('are signed with secrets, by both', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (secret) => {
        const [our, their] = [
          await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, secret)),
          await tokenOf(new theirs.Auth.Jwt({ iss: 'a' }, secret)),
        ];
        assert.deepEqual(partsOf(our)[0], partsOf(their)[0]);
        for (const token of [our, their]) {
          for (const lib of [ours, theirs]) {
            assert.equal(await lib.validateSig(token, secret, 'a'), true);
            assert.equal(await lib.validateSig(token, Uint8Array.of(...secret, 1)), false);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are the same where there is no secret at all', async () => {
    const ofLibrary = (lib: Library) => tokenOf(new lib.Auth.Jwt({ iss: 'a' }, new Uint8Array()));
    for (const lib of [ours, theirs])
      assert.equal(await theirs.validateSig(await ofLibrary(lib), new Uint8Array()), true);
  });

  const natives: readonly (readonly [alg: string, algorithm: object])[] = [
    ['HS256', { name: 'HMAC', hash: 'SHA-256' }],
    ['HS512', { name: 'HMAC', hash: 'SHA-512' }],
    [
      'RS384',
      {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-384',
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
      },
    ],
    [
      'PS256',
      { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    ],
    ['ES384', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['EdDSA', { name: 'Ed25519' }],
  ];
  for (const [alg, algorithm] of natives) {
    it(`are signed and verified with keys of WebCrypto for ${alg}`, async () => {
      const made = await webcrypto.subtle.generateKey(algorithm as webcrypto.HmacKeyGenParams, true, [
        'sign',
        'verify',
      ]);
      const { privateKey = made, publicKey = made } = made as unknown as Partial<webcrypto.CryptoKeyPair>;
      const token = await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, privateKey));
      assert.deepEqual(partsOf(token)[0], { alg });
      for (const lib of [ours, theirs]) assert.equal(await lib.validateSig(token, publicKey, 'a'), true);
    });
  }

  it('have the algorithm that the caller names, or else the one of the JWK', async () => {
    const { privateKey, publicKey } = PAIRS.RS256();
    const jwk = { ...(privateKey.export({ format: 'jwk' }) as ours.Jwk), alg: 'PS384' };
    const token = await tokenOf(new ours.Auth.Jwt({}, ours.loadKey(jwk)));
    assert.deepEqual(partsOf(token)[0], { alg: 'PS384' });
    const named = await tokenOf(new ours.Auth.Jwt({}, privateKey, 'RS512'));
    assert.deepEqual(partsOf(named)[0], { alg: 'RS512' });
    const verifyKey = publicKey.export({ format: 'jwk' }) as ours.Jwk;
    assert.equal(await ours.validateSig(token, ours.loadKey(verifyKey)), true);
    assert.equal(await ours.validateSig(named, ours.loadKey(verifyKey)), true);
    assert.equal(await ours.validateSig(named, ours.loadKey({ ...verifyKey, alg: 'PS384' })), false);
  });

  it('are not verified by the bytes of a public key', async () => {
    // Whoever has the public key could sign so, if the token might choose the algorithm.
    const token = await tokenOf(new theirs.Auth.Jwt({ iss: 'a' }, bytes(ours.PUBLIC_KEY_FASTLY_FANOUT_PEM)));
    assert.equal(await ours.validateSig(token, ours.PUBLIC_KEY_FASTLY_FANOUT_PEM), false);
    assert.equal(await ours.validateSig(token, ours.loadKey(ours.PUBLIC_KEY_FASTLY_FANOUT_JWK)), false);
  });

  it('expire', async () => {
    const past = (): number => Date.now() - 601_000;
    const token = await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, bytes('x'), undefined, past));
    for (const lib of [ours, theirs]) assert.equal(await lib.validateSig(token, 'x'), false);
  });

  it('are refused where they are none', async () => {
    for (const lib of [ours, theirs]) {
      for (const token of [
        '',
        'a',
        'a.b',
        'a.b.c',
        '..',
        'eyJhbGciOiJub25lIn0.e30.',
        'eyJhbGciOjF9.e30.AA',
      ]) {
        assert.equal(await lib.validateSig(token, 'x'), false, token);
        assert.equal(await lib.validateSig(token, lib.PUBLIC_KEY_FASTLY_FANOUT_PEM), false, token);
      }
    }
  });

  it('cannot be verified with a key that is broken, which is said', async () => {
    const token = await tokenOf(new ours.Auth.Jwt({ iss: 'a' }, ours.loadKey(PAIRS.ES256().privateKey)));
    const broken = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };
    await assert.rejects(ours.validateSig(token, ours.loadKey(broken)));
  });
});

describe('authorization', () => {
  it('is the same with a password or a token', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        async (user, pass) => {
          const make = (lib: Library) => [new lib.Auth.Basic(user, pass), new lib.Auth.Bearer(user)] as const;
          const [our, their] = [make(ours), make(theirs)];
          assert.equal(await our[0].buildHeader(), await their[0].buildHeader());
          assert.equal(await our[1].buildHeader(), await their[1].buildHeader());
          assert.deepEqual([our[0].getUser(), our[0].getPass(), our[1].getToken()], [user, pass, user]);
        },
      ),
    );
  });

  it('tells what a JWT is made of', () => {
    const key = bytes('x');
    const auth = new ours.Auth.Jwt({ iss: 'a' }, key);
    assert.deepEqual(auth.getClaim(), { iss: 'a' });
    assert.equal(auth.getKey(), key);
  });

  it('claims what it is told to, and to expire in ten minutes', async () => {
    const auth = new ours.Auth.Jwt({ iss: 'a', sub: 'b' }, bytes('x'), undefined, () => 1_700_000_000_999);
    assert.deepEqual(partsOf(await tokenOf(auth))[1], { iss: 'a', sub: 'b', exp: 1_700_000_600 });
  });

  /** A key that counts how often it signs, and fails as long as `broken`. */
  class CountedKey extends ours.JwkKey {
    count = 0;
    broken = false;

    override async getSecretOrKeyLike(): Promise<Uint8Array> {
      this.count++;
      if (this.broken) throw new Error('not now');
      return bytes('x');
    }
  }

  it('signs once for all who ask at the same time', async () => {
    const key = new CountedKey({ kty: 'oct' });
    const auth = new ours.Auth.Jwt({ iss: 'a' }, key);
    const headers = await Promise.all([1, 2, 3].map(() => auth.buildHeader()));
    assert.deepEqual([new Set(headers).size, key.count], [1, 1]);
  });

  it('signs anew after eight minutes, and when the time of day has been set back', async () => {
    const key = new CountedKey({ kty: 'oct' });
    let now = 1_700_000_000_000;
    const auth = new ours.Auth.Jwt({ iss: 'a' }, key, undefined, () => now);
    for (const [ms, count] of [
      [0, 1],
      [479_999, 1],
      [1, 2],
      [-3_600_000, 3],
    ] as const) {
      now += ms;
      await auth.buildHeader();
      assert.equal(key.count, count);
    }
  });

  it('tries again where it could not sign', async () => {
    const key = new CountedKey({ kty: 'oct' });
    key.broken = true;
    const auth = new ours.Auth.Jwt({ iss: 'a' }, key);
    await Promise.all([1, 2].map(() => assert.rejects(auth.buildHeader(), /not now/)));
    key.broken = false;
    assert.equal(await ours.validateSig(await tokenOf(auth), 'x', 'a'), true);
    assert.equal(key.count, 2);
  });
});
