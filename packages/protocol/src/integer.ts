import { trimAscii } from './text.js';

const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;

/**
 * Reads an integer as GRIP headers have them: decimal digits with an optional sign, white space around them, and not
 * more than 32 bits. Anything else is undefined.
 */
export function parseInteger(text: string): number | undefined {
  const value = scanInteger(text);
  return value !== undefined && value >= INT32_MIN && value <= INT32_MAX ? value : undefined;
}

/**
 * Reads an integer as JSON has it: a number without fraction, or a string that holds one. Pushpin takes booleans as 0
 * and 1, rounds fractions and reads other strings as 0; those are mistakes of the sender, and undefined here.
 */
export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'string') return scanInteger(value);
  // Adding 0 turns -0 into 0.
  return typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : undefined;
}

function scanInteger(text: string): number | undefined {
  const trimmed = trimAscii(text);
  const sign = trimmed[0];
  const start = sign === '-' || sign === '+' ? 1 : 0;
  if (start === trimmed.length) return undefined;
  let value = 0;
  for (let i = start; i < trimmed.length; i++) {
    const digit = trimmed.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return sign === '-' ? 0 - value : value;
}
