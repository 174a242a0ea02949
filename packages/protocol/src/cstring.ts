import { encodeUtf8 } from './text.js';

const HEX_DIGITS = '0123456789abcdef';

/**
 * Decodes the escapes `\\`, `\r`, `\n` and `\xHH`. Any other escaped character vanishes together with its backslash.
 * Undefined when the text ends within an escape, or nothing is left. Source: Pushpin 1.36, `format=cstring`.
 */
export function decodeCString(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  const chars = [...text];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char !== '\\') {
      bytes.push(...encodeUtf8(char));
      continue;
    }
    const escaped = chars[++i];
    if (escaped === undefined) return undefined;
    if (escaped === '\\') bytes.push(0x5c);
    else if (escaped === 'r') bytes.push(0x0d);
    else if (escaped === 'n') bytes.push(0x0a);
    else if (escaped === 'x') {
      const byte = hexByte(chars[++i], chars[++i]);
      if (byte === undefined) return undefined;
      bytes.push(byte);
    }
  }
  return bytes.length > 0 ? Uint8Array.from(bytes) : undefined;
}

function hexByte(high: string | undefined, low: string | undefined): number | undefined {
  if (high === undefined || low === undefined) return undefined;
  const highValue = HEX_DIGITS.indexOf(high.toLowerCase());
  const lowValue = HEX_DIGITS.indexOf(low.toLowerCase());
  return highValue === -1 || lowValue === -1 ? undefined : highValue * 16 + lowValue;
}
