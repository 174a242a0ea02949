import { isBytes } from '@p-8/protocol';
import type { LoadedKey } from './keys.js';

/** What tells the algorithm of a `CryptoKey` or a `KeyObject`. */
interface NativeKey {
  readonly type: string;
  readonly algorithm?: {
    readonly name: string;
    readonly namedCurve?: string;
    readonly hash?: { readonly name: string };
  };
  readonly asymmetricKeyType?: string;
  readonly asymmetricKeyDetails?: { readonly namedCurve?: string };
}

/**
 * What a key says of itself: the names of types and curves in JWK, WebCrypto and Node, and near the beginning of SPKI and
 * PKCS#8 the object identifiers in DER, here in hex. Source: RFC 7518 3.1, RFC 8037 3.1; RFC 5480 2.1.1.1, RFC 8410 3.
 */
const SIGNS: readonly (readonly [sign: RegExp, algorithm: string])[] = [
  [/P-256|prime256v1|2a8648ce3d030107/, 'ES256'],
  [/P-384|secp384r1|2b81040022/, 'ES384'],
  [/P-521|secp521r1|2b81040023/, 'ES512'],
  [/ed25519|06032b6570/i, 'EdDSA'],
  [/^(oct|secret)/, 'HS256'],
  [/RSA-PSS/i, 'PS256'],
];

/** The name in JWA of the algorithm that a key is for. Where nothing tells, it is RSA's. */
export function algorithmOf(key: LoadedKey): string {
  if (isBytes(key)) return 'HS256';
  if ('jwk' in key) return key.jwk.alg ?? recognize(`${key.jwk.crv ?? key.jwk.kty}`);
  if ('keyString' in key) return recognize(startOfPem(key.keyString));
  const { type, algorithm, asymmetricKeyType, asymmetricKeyDetails }: NativeKey = key;
  const names = [
    type,
    algorithm?.name,
    algorithm?.namedCurve,
    asymmetricKeyType,
    asymmetricKeyDetails?.namedCurve,
  ];
  // WebCrypto's keys are for one hash: SHA-256, SHA-384 or SHA-512.
  return recognize(names.join()).replace('256', algorithm?.hash?.name.slice(4) ?? '256');
}

function recognize(description: string): string {
  return SIGNS.find(([sign]) => sign.test(description))?.[1] ?? 'RS256';
}

function startOfPem(pem: string): string {
  try {
    const der = atob(pem.replace(/-----[^-]*-----|\s/g, '').slice(0, 60));
    return Array.from(der, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  } catch {
    // Whoever imports it says what is wrong.
    return '';
  }
}
