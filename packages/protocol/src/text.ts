const encoder = new TextEncoder();
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** How many units at the start of `text` are whole characters of no more than so many bytes of UTF-8 in all. */
export function countUnitsWithin(text: string, maxBytes: number): number {
  return encoder.encodeInto(text, new Uint8Array(maxBytes)).read;
}

/** The text in `bytes`; bytes that are not UTF-8 become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes);
}

/** The text in `bytes`, or undefined when they are not UTF-8. */
export function decodeUtf8Strict(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of all parts, one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Each byte as the character of the same code: the form in which header fields hold bytes. */
export function bytesToBinary(bytes: Uint8Array): string {
  let text = '';
  // In pieces, since the arguments of one call must fit the stack.
  for (let i = 0; i < bytes.length; i += 4096) {
    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  }
  return text;
}

/** The inverse of {@link bytesToBinary}. */
export function binaryToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * The text that a header field's value stands for. A value from the wire has a character per byte and GRIP's names are
 * UTF-8; a value that an application set in the same process may hold the text itself. Only the first kind is UTF-8
 * when it is read as bytes, so that decides.
 */
export function decodeHeaderText(value: string): string {
  let highest = 0;
  for (let i = 0; i < value.length; i++) highest = Math.max(highest, value.charCodeAt(i));
  if (highest <= 0x7f || highest > 0xff) return value;
  return decodeUtf8Strict(binaryToBytes(value)) ?? value;
}

/** The inverse of {@link decodeHeaderText}: `text` as UTF-8, a character per byte. */
export function encodeHeaderText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return bytesToBinary(encodeUtf8(text));
  }
  return text;
}

/**
 * `text` without white space at its ends. Not `trim()`: that removes U+00A0 too, which in a header value is the second
 * half of letters such as `à`.
 */
export function trimAscii(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isAsciiSpace(text.charCodeAt(start))) start++;
  while (end > start && isAsciiSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isAsciiSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
