import { type HeaderList, headerValues } from './header-list.js';
import { decodeHeaderText, trimAscii } from './text.js';

/** One `name=value` of a header's element. */
export interface Parameter {
  /** As written; compare without regard to letter case. */
  readonly name: string;
  /** Without quotes and escapes; undefined when there is no `=`. */
  readonly value: string | undefined;
}

/** An element such as `apple; type=granny`. */
export interface ParameterizedValue {
  /** What stands before the first `;`, with its quotes if it has any. */
  readonly value: string;
  readonly params: readonly Parameter[];
}

/**
 * Splits a header's value at its commas. Commas in double quotes do not split, and a backslash in quotes escapes; a
 * quote that does not end takes all the rest. Elements may be empty, but a comma at the very end adds none. Source:
 * Pushpin 1.41.
 *
 * @example
 * ```ts
 * splitList('apple; type="granny, smith", banana'); // ['apple; type="granny, smith"', 'banana']
 * ```
 */
export function splitList(value: string): string[] {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') {
      quoted = true;
    } else if (char === ',') {
      elements.push(trimAscii(value.slice(start, i)));
      start = i + 1;
    }
  }
  if (start < value.length) elements.push(trimAscii(value.slice(start)));
  return elements;
}

/** The elements of all fields called `name`, in their order and as text: a repeated field is one long list. */
export function splitHeader(headers: HeaderList, name: string): string[] {
  return headerValues(headers, name).flatMap((value) => splitList(decodeHeaderText(value)));
}

/**
 * Reads an element whose first part is a value: `value; name=value; name="quoted"; name`. Undefined when a quoted value
 * does not end. Source: Pushpin 1.41.
 */
export function parseParameters(text: string): ParameterizedValue | undefined {
  // Not aware of quotes: in `"a;b"` the value is `"a`.
  const semicolon = text.indexOf(';');
  if (semicolon === -1) return { value: trimAscii(text), params: [] };
  const params = scanParameters(text, semicolon + 1);
  return params && { value: trimAscii(text.slice(0, semicolon)), params };
}

/** Reads an element that has only parameters: `name=value; name`. Undefined when a quoted value does not end. */
export function parseAllParameters(text: string): Parameter[] | undefined {
  return scanParameters(text, 0);
}

/** The first parameter called `name` (letter case does not matter), or undefined. */
export function findParameter(params: readonly Parameter[], name: string): Parameter | undefined {
  const wanted = name.toLowerCase();
  return params.find((param) => param.name.toLowerCase() === wanted);
}

function scanParameters(text: string, start: number): Parameter[] | undefined {
  const params: Parameter[] = [];
  let at = start;
  while (at < text.length) {
    let nameEnd = at;
    while (nameEnd < text.length && text[nameEnd] !== '=' && text[nameEnd] !== ';') nameEnd++;
    const name = trimAscii(text.slice(at, nameEnd));
    if (text[nameEnd] !== '=') {
      if (name !== '') params.push({ name, value: undefined });
      at = nameEnd + 1;
      continue;
    }
    const scanned = text[nameEnd + 1] === '"' ? scanQuoted(text, nameEnd + 2) : scanRaw(text, nameEnd + 1);
    if (scanned === undefined) return undefined;
    params.push({ name, value: scanned.value });
    at = scanned.end + 1;
  }
  return params;
}

interface Scanned {
  readonly value: string;
  /** Where the `;` after it is, or the text's end. */
  readonly end: number;
}

function scanRaw(text: string, start: number): Scanned {
  const end = semicolonFrom(text, start);
  return { value: trimAscii(text.slice(start, end)), end };
}

function scanQuoted(text: string, start: number): Scanned | undefined {
  let value = '';
  for (let i = start; i < text.length; i++) {
    const char = text.charAt(i);
    // What stands between the closing quote and the next `;` is ignored.
    if (char === '"') return { value, end: semicolonFrom(text, i) };
    if (char !== '\\') value += char;
    else if (++i < text.length) value += text.charAt(i);
  }
  return undefined;
}

function semicolonFrom(text: string, start: number): number {
  const at = text.indexOf(';', start);
  return at === -1 ? text.length : at;
}
