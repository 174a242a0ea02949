import { decodeUtf8, encodeUtf8, isBytes } from '@p-8/protocol';
import { decodeBytesFromBase64String } from './base64.js';

/** A JSON Web Key, like the `JsonWebKey` that some runtimes' types have. Source: RFC 7517. */
export interface Jwk {
  alg?: string;
  crv?: string;
  d?: string;
  dp?: string;
  dq?: string;
  e?: string;
  ext?: boolean;
  k?: string;
  key_ops?: string[];
  kty?: string;
  n?: string;
  p?: string;
  q?: string;
  qi?: string;
  use?: string;
  x?: string;
  y?: string;
}

/** A runtime's own key: a `CryptoKey`, or a `KeyObject` of Node. */
export interface KeyLike {
  /** `secret`, `public` or `private`. */
  type: string;
}

/** A key as configuration may have it: see {@link loadKey}. */
export type KeyInput = string | Jwk | Uint8Array | KeyLike;

/** A key that can sign or verify; bytes are a secret. */
export type LoadedKey = Uint8Array | KeyLike | PemKey | JwkKey;

const PEM = /^-----BEGIN (PUBLIC|PRIVATE) KEY-----/;

/** A key in PEM: SPKI where it is public, PKCS#8 where it is private. */
export class PemKey {
  keyString: string;
  type: 'public' | 'private';

  /** @throws TypeError where the text is not such a key. */
  constructor(keyString: string) {
    const kind = PEM.exec(keyString)?.[1];
    if (kind === undefined) {
      throw new TypeError('The PEM key must be SPKI (BEGIN PUBLIC KEY) or PKCS#8 (BEGIN PRIVATE KEY).');
    }
    this.keyString = keyString;
    this.type = kind === 'PUBLIC' ? 'public' : 'private';
  }

  /** The key as the runtime has it. @param alg the algorithm's name in JWA */
  async getKeyLike(alg: string): Promise<KeyLike> {
    const { importPKCS8, importSPKI } = await import('jose');
    return this.type === 'public' ? importSPKI(this.keyString, alg) : importPKCS8(this.keyString, alg);
  }
}

/** A key in JSON. */
export class JwkKey {
  jwk: Jwk;

  constructor(jwk: Jwk) {
    this.jwk = jwk;
  }

  /** The key as the runtime has it; a secret is bytes. @param alg the algorithm's name in JWA, where the key has none */
  async getSecretOrKeyLike(alg?: string): Promise<Uint8Array | KeyLike> {
    const { importJWK } = await import('jose');
    return importJWK({ ...this.jwk, kty: this.jwk.kty ?? '' }, alg);
  }
}

/**
 * Reads a key as configuration may have it. A string or bytes hold PEM, JSON or else a secret, and a string may begin with
 * `base64:`.
 * @throws TypeError for base64 that is none, and for PEM that is neither SPKI nor PKCS#8.
 *
 * @example
 * ```ts
 * loadKey('changeme'); // the secret's bytes
 * loadKey({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }); // a JwkKey
 * ```
 */
export function loadKey(key: KeyInput | LoadedKey): LoadedKey {
  const held =
    typeof key === 'string' && key.startsWith('base64:') ? decodeBytesFromBase64String(key.slice(7)) : key;
  if (typeof held !== 'string' && !isBytes(held)) {
    return isJwk(held) ? new JwkKey(held) : (held as LoadedKey);
  }
  const text = typeof held === 'string' ? held : decodeUtf8(held);
  const trimmed = text.trimStart();
  // Environment variables often have the two characters \n for a line's end.
  if (trimmed.startsWith('-----BEGIN ')) return new PemKey(trimmed.replaceAll('\\n', '\n'));
  const json = trimmed.startsWith('{') ? parseJson(trimmed) : undefined;
  if (isJwk(json)) return new JwkKey(json);
  return typeof held === 'string' ? encodeUtf8(held) : held;
}

/** The key as the runtime has it; a secret is bytes. @param alg the algorithm's name in JWA */
export async function nativeKey(key: LoadedKey, alg: string): Promise<Uint8Array | KeyLike> {
  // Told by their members, so that keys of js-grip do too.
  if ('keyString' in key) return key.getKeyLike(alg);
  return 'jwk' in key ? key.getSecretOrKeyLike(alg) : key;
}

/** Whether who can verify with this key can sign with it too. */
export function isSymmetricSecret(key: LoadedKey): boolean {
  if (isBytes(key)) return true;
  return 'jwk' in key ? key.jwk.kty === 'oct' : key.type === 'secret';
}

function isJwk(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && (value as Jwk).kty != null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
