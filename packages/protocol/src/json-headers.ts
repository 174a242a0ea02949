import type { HeaderList } from './header-list.js';
import { endToEndHeaders, isFieldValue, isToken } from './header-rules.js';
import { isJsonObject, wrongType } from './json.js';
import { fail, ok, type Result } from './result.js';
import { encodeHeaderText } from './text.js';

/**
 * Reads the header fields of a response in JSON: a list of `[name, value]` pairs, or an object, whose fields come in the
 * order of their names. Names must be tokens and values free of control characters, or whoever may publish could write
 * whole responses of their own (Pushpin does not check). Hop-by-hop fields and `Content-Length` are left out.
 *
 * @param parent how messages call the object that has them
 */
export function parseJsonHeaders(value: unknown, parent: string): Result<HeaderList> {
  if (value === undefined || value === null) return ok([]);
  const fields = Array.isArray(value) ? readPairs(value) : readObject(value, parent);
  if (!fields.ok) return fields;
  const headers: string[] = [];
  for (const [name, text] of fields.value) {
    const encoded = encodeHeaderText(text);
    if (!isToken(name)) return fail(`headers contains name ${JSON.stringify(name)} with invalid characters`);
    if (!isFieldValue(encoded)) return fail(`headers contains '${name}' with invalid value`);
    headers.push(name, encoded);
  }
  return ok(endToEndHeaders(headers));
}

type Field = readonly [name: string, value: string];

function readPairs(list: readonly unknown[]): Result<Field[]> {
  const fields: Field[] = [];
  for (const pair of list) {
    if (!Array.isArray(pair)) return fail('headers contains element with wrong type');
    if (pair.length !== 2) return fail('headers contains list with wrong number of elements');
    const [name, value] = pair as readonly unknown[];
    if (typeof name !== 'string') return fail('header contains name element with wrong type');
    if (typeof value !== 'string') return fail('header contains value element with wrong type');
    fields.push([name, value]);
  }
  return ok(fields);
}

function readObject(object: unknown, parent: string): Result<Field[]> {
  if (!isJsonObject(object)) return wrongType(parent, 'headers');
  const fields: Field[] = [];
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    if (typeof value !== 'string') return wrongType('headers', name);
    fields.push([name, value]);
  }
  return ok(fields);
}
