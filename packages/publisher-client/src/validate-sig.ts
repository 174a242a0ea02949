import { isBytes } from '@p-8/protocol';
import type { CryptoKey } from 'jose';
import { algorithmOf } from './key-algorithm.js';
import { type LoadedKey, loadKey, nativeKey } from './keys.js';

/**
 * Whether a token, as in `Grip-Sig`, is signed with this key and has not expired.
 * @param iss who must have signed it; anybody where it is left out
 * @throws TypeError where the key itself is broken.
 *
 * @example
 * ```ts
 * const isSigned = await validateSig(request.headers.get('Grip-Sig') ?? '', 'changeme', 'pushpin');
 * ```
 */
export async function validateSig(token: string, key: string | LoadedKey, iss?: string): Promise<boolean> {
  const loaded = loadKey(key);
  // Anybody can sign with a secret that is empty.
  if (isBytes(loaded) && loaded.length === 0) return false;
  const { decodeProtectedHeader, jwtVerify } = await import('jose');
  let alg: unknown;
  try {
    ({ alg } = decodeProtectedHeader(token));
  } catch {
    return false;
  }
  if (typeof alg !== 'string' || !isFor(loaded, alg)) return false;
  const verifying = await nativeKey(loaded, alg);
  try {
    const { payload } = await jwtVerify(token, verifying as CryptoKey);
    return iss == null || payload.iss === iss;
  } catch {
    return false;
  }
}

/** The key decides on the algorithm and not the token, which may name one for which the key is no secret. */
function isFor(key: LoadedKey, alg: string): boolean {
  const own = algorithmOf(key);
  const isFixed = 'jwk' in key && key.jwk.alg !== undefined;
  return alg === own || (!isFixed && familyOf(alg) === familyOf(own));
}

/** Secrets and RSA keys are for any hash, curves have their own. */
function familyOf(alg: string): string {
  return alg.replace(/^[RP]S.+/, 'RSA').replace(/^HS.+/, 'secret');
}
