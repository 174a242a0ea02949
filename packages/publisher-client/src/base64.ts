import { binaryToBytes, encodeBase64 } from '@p-8/protocol';

/** Bytes as base64, with padding. */
export function encodeBytesToBase64String(bytes: Uint8Array): string {
  return encodeBase64(bytes);
}

/**
 * The bytes in base64, of either alphabet. A space is read as a plus, as which it was written in a URL where nobody
 * percent-encoded it.
 * @throws TypeError where it is no base64.
 */
export function decodeBytesFromBase64String(text: string): Uint8Array {
  try {
    return binaryToBytes(atob(text.replace(/[ -]/g, '+').replaceAll('_', '/')));
  } catch (cause) {
    throw new TypeError('Invalid base64 sequence', { cause });
  }
}
