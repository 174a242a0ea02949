import { createHmac, createPrivateKey, createPublicKey, KeyObject, sign, timingSafeEqual } from 'node:crypto';
import { gripSigClaims, isPem, parseKey } from '@p-8/protocol';
import { type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../clock.js';
import { GripError } from '../errors.js';

type Algorithm = 'HS256' | 'ES256' | 'RS256';

/** Milliseconds for which one token is used again: little beside its validity of an hour, much beside 3 us of HMAC. */
const TOKEN_REUSE = 30_000;

/** Signs Grip-Sig with one issuer and key. The algorithm follows from the key: secret HS256, EC ES256, RSA RS256. */
export class Signer {
  readonly #iss: string;
  readonly #key: KeyObject | Buffer;
  readonly #algorithm: Algorithm;
  readonly #clock: Clock;
  #token = '';
  #mintedAt = Number.NEGATIVE_INFINITY;

  /** @throws GripError `GRIP_ERR_OPTION` when a PEM key cannot be read. */
  constructor(iss: string, key: string | Uint8Array, clock: Clock) {
    this.#iss = iss;
    this.#clock = clock;
    const bytes = keyBytes(key);
    this.#key = isPem(bytes) ? readPem(bytes, createPrivateKey) : bytes;
    this.#algorithm = algorithmOf(this.#key);
  }

  /** A token that is valid for at least 59 minutes. */
  token(): string {
    const now = this.#clock.now();
    if (now - this.#mintedAt >= TOKEN_REUSE || now < this.#mintedAt) {
      this.#token = this.#mint(Math.floor(now / 1000));
      this.#mintedAt = now;
    }
    return this.#token;
  }

  #mint(nowSeconds: number): string {
    const header = encode({ typ: 'JWT', alg: this.#algorithm });
    const signed = `${header}.${encode(gripSigClaims(this.#iss, nowSeconds))}`;
    return `${signed}.${signature(this.#key, signed).toString('base64url')}`;
  }
}

/** Verifies tokens with one key. Only the algorithm that the key's type implies is accepted, whatever a token says. */
export class Verifier {
  readonly #key: KeyObject | Buffer;
  readonly #algorithms: Algorithm[];
  readonly #clock: Clock;

  /** @throws GripError `GRIP_ERR_OPTION` when a PEM key cannot be read. */
  constructor(key: string | Uint8Array, clock: Clock) {
    const bytes = keyBytes(key);
    this.#key = isPem(bytes) ? readPem(bytes, createPublicKey) : bytes;
    this.#algorithms = [algorithmOf(this.#key)];
    this.#clock = clock;
  }

  /** The claims of a token whose signature is good and whose `exp` has not passed; undefined for any other. */
  async verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: this.#algorithms,
        requiredClaims: ['exp'],
        currentDate: new Date(this.#clock.now()),
      });
      return payload;
    } catch {
      return undefined;
    }
  }
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function isSameSecret(a: Uint8Array, b: Uint8Array): boolean {
  const digest = (bytes: Uint8Array): Buffer => createHmac('sha256', 'p-8').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** The bytes of a key option: text as {@link parseKey} reads it. */
export function keyBytes(key: string | Uint8Array): Buffer {
  return Buffer.from((typeof key === 'string' ? parseKey(key) : key) ?? []);
}

function readPem(bytes: Buffer, read: (pem: Buffer) => KeyObject): KeyObject {
  try {
    return read(bytes);
  } catch (cause) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      'the PEM key cannot be read: give an EC (P-256) or RSA key in PKCS#8',
      { cause },
    );
  }
}

/** @throws GripError `GRIP_ERR_OPTION` when the key is empty, or of no use. */
function algorithmOf(key: KeyObject | Buffer): Algorithm {
  if (!(key instanceof KeyObject)) {
    // Everybody has the empty key.
    if (key.length === 0)
      throw new GripError('GRIP_ERR_OPTION', 'the key is empty: leave it out, or give one');
    return 'HS256';
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  if (type === 'rsa') return 'RS256';
  const kind = details?.namedCurve ?? type;
  throw new GripError('GRIP_ERR_OPTION', `a key of type ${kind} cannot be used: give EC (P-256) or RSA`);
}

function signature(key: KeyObject | Buffer, data: string): Buffer {
  if (!(key instanceof KeyObject)) return createHmac('sha256', key).update(data).digest();
  // JWS wants the two numbers of an ECDSA signature side by side, not in ASN.1: RFC 7518 3.4.
  return sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
