const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const NOT_A_DIGIT = 255;
// Said to be pure, so that bundlers leave it out where nothing is decoded.
const DIGITS: Uint8Array = /* @__PURE__ */ digitTable();

/**
 * Decodes base64 and never fails: characters outside the alphabet (padding, line ends, anything) are skipped, and bits
 * that make no whole byte are dropped. `-` and `_` of the URL alphabet are read as `+` and `/`. Pushpin is as lenient;
 * `atob` is not.
 */
export function decodeBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let bitCount = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = DIGITS[text.charCodeAt(i)] ?? NOT_A_DIGIT;
    if (digit === NOT_A_DIGIT) continue;
    bits = ((bits << 6) | digit) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = (bits >> bitCount) & 0xff;
    }
  }
  return bytes.subarray(0, length);
}

/** Encodes bytes as base64 with padding. Source: RFC 4648 4. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const first = bytes[i] ?? 0;
    const second = bytes[i + 1];
    const third = bytes[i + 2];
    const group = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += digit(group >> 18) + digit(group >> 12);
    text += second === undefined ? '=' : digit(group >> 6);
    text += third === undefined ? '=' : digit(group);
  }
  return text;
}

function digit(bits: number): string {
  return ALPHABET.charAt(bits & 63);
}

function digitTable(): Uint8Array {
  const digits = new Uint8Array(128).fill(NOT_A_DIGIT);
  for (let i = 0; i < ALPHABET.length; i++) digits[ALPHABET.charCodeAt(i)] = i;
  digits['-'.charCodeAt(0)] = 62;
  digits['_'.charCodeAt(0)] = 63;
  return digits;
}
