import { decodeBase64, encodeBase64 } from './base64.js';
import { decodeUtf8Strict, encodeUtf8 } from './text.js';

const BASE64_PREFIX = 'base64:';
const PEM_PREFIX = '-----BEGIN';

/**
 * The bytes of a key as configuration has it: `base64:` and bytes, or else the text itself, as UTF-8. PEM and JWK stay
 * readable in the bytes. An empty key is none: undefined. Source: Pushpin 1.36.
 *
 * @example
 * ```ts
 * parseKey('changeme');
 * parseKey('base64:AWGA/g==');
 * ```
 */
export function parseKey(text: string): Uint8Array | undefined {
  const bytes = text.startsWith(BASE64_PREFIX)
    ? decodeBase64(text.slice(BASE64_PREFIX.length))
    : encodeUtf8(text);
  return bytes.length > 0 ? bytes : undefined;
}

/** The inverse of {@link parseKey}: the key as text where that is plain, else as base64. */
export function formatKey(key: Uint8Array): string {
  const text = decodeUtf8Strict(key);
  const plain = text !== undefined && !text.startsWith(BASE64_PREFIX);
  return plain ? text : BASE64_PREFIX + encodeBase64(key);
}

/** Whether a key is in PEM, and so an asymmetric one. */
export function isPem(key: Uint8Array | string): boolean {
  if (typeof key === 'string') return key.startsWith(PEM_PREFIX);
  return decodeUtf8Strict(key.subarray(0, PEM_PREFIX.length)) === PEM_PREFIX;
}
