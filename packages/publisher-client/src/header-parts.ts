import { encodeHeaderText, isFieldValue } from '@p-8/protocol';

/** What stands before parameters. Quotes only in pairs: a lone one takes in what follows. */
const BARE = /^(?![ \t])(?:[^",;]|"[^"\\,;]*")+(?<![ \t])$/;

/** What a parameter's value may be without quotes. */
const PLAIN = /^(?![ \t])[^",;]+(?<![ \t])$/;

/** Text in quotes, as a parameter's value. @throws TypeError where it cannot be sent. */
export function quoted(what: string, text: string): string {
  return `"${encode(what, text).replace(/[\\"]/g, '\\$&')}"`;
}

/** A parameter's value: in quotes where that is needed. @throws TypeError where it cannot be sent. */
export function parameter(what: string, text: string): string {
  return PLAIN.test(text) ? encode(what, text) : quoted(what, text);
}

/** A value that GRIP has no way to quote. @throws TypeError where it is empty or would be read as something else. */
export function bare(what: string, text: string): string {
  if (BARE.test(text)) return encode(what, text);
  throw unsendable(what, text, 'it is empty, or has a comma, semicolon, lone quote or outer space');
}

/** Whole seconds. @throws TypeError where they are not such as GRIP has. */
export function seconds(what: string, value: number): number {
  if (value >= 0 && value < 2 ** 31) return Math.floor(value);
  throw unsendable(what, value, 'it must be seconds, 0 or more');
}

/** Why a header cannot carry a value. */
export function unsendable(what: string, value: unknown, why: string): TypeError {
  return new TypeError(`The ${what} ${JSON.stringify(value)} cannot be sent in a header: ${why}.`);
}

/**
 * Text as headers are set: where it has more than Latin-1, a character for each byte of its UTF-8. Latin-1 stays as it is,
 * since Node makes UTF-8 of that itself when it writes the headers together with a body that is a string.
 */
function encode(what: string, text: string): string {
  const encoded = isFieldValue(text) ? text : encodeHeaderText(text);
  if (isFieldValue(encoded)) return encoded;
  throw unsendable(what, text, 'it has control characters');
}
