import { encodeBase64, encodeUtf8, isBytes } from '@p-8/protocol';
import type { CryptoKey } from 'jose';
import { type LoadedKey, nativeKey } from './keys.js';

/** A JWT. @param alg the algorithm's name in JWA */
export async function signJwt(claims: Record<string, unknown>, key: LoadedKey, alg: string): Promise<string> {
  const signing = await nativeKey(key, alg);
  if (isBytes(signing) && alg.startsWith('HS')) return signHmac(claims, signing, alg);
  const { SignJWT } = await import('jose');
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(signing as CryptoKey);
}

// Most keys are secrets: so no library is loaded for these.
async function signHmac(claims: Record<string, unknown>, secret: Uint8Array, alg: string): Promise<string> {
  const unsigned = [{ alg }, claims].map((part) => base64Url(encodeUtf8(JSON.stringify(part)))).join('.');
  // HMAC pads with zeros, so one zero is as no bytes at all, which WebCrypto refuses. Source: RFC 2104 2.
  const raw = secret.length > 0 ? new Uint8Array(secret) : new Uint8Array(1);
  const hmac = { name: 'HMAC', hash: `SHA-${alg.slice(2)}` };
  const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, new Uint8Array(encodeUtf8(unsigned)));
  return `${unsigned}.${base64Url(new Uint8Array(signature))}`;
}

function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
