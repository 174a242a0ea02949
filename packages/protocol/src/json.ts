import { decodeBase64 } from './base64.js';
import { boundedName } from './name.js';
import { fail, ok, type Result } from './result.js';
import { decodeUtf8Strict, encodeUtf8 } from './text.js';

/** A JSON object. Read it through {@link member}, which sees own members only. */
export type JsonObject = { readonly [key: string]: unknown };

/**
 * Whether a value is what JSON calls an object: no array, and no instance of a class, whose members would be missed.
 * Objects of other realms count.
 */
export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The object's own member, or undefined: `__proto__` and what else is inherited does not count. */
export function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The JSON in `bytes`, or undefined. JSON itself has no undefined. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8Strict(bytes);
  return text === undefined ? undefined : parseJsonText(text);
}

/**
 * The JSON in `text`, or undefined. A byte order mark is passed over, and control characters may stand in strings as they are, as
 * shells and templates write them: RFC 8259 8.1, Pushpin 1.36.
 */
export function parseJsonText(text: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const value = parseOrUndefined(json);
  return value === undefined && HAS_CONTROL.test(json) ? parseOrUndefined(escapeControls(json)) : value;
}

function parseOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const HAS_CONTROL = /[\0-\x1f]/;

/** Where strings begin and end, and what may not stand in them; an escaped character is none of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const MARKS = /\\.|["\0-\x1f]/gs;

function escapeControls(json: string): string {
  let isInString = false;
  return json.replace(MARKS, (mark) => {
    if (mark === '"') isInString = !isInString;
    if (mark === '"' || mark.length > 1 || !isInString) return mark;
    return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The failure that a member is not of the type that it must have. */
export function wrongType(parent: string, key: string): ReturnType<typeof fail> {
  return fail(`${parent} contains '${key}' with wrong type`);
}

/** A member that must be a string. */
export function requiredString(object: JsonObject, parent: string, key: string): Result<string> {
  const value = member(object, key);
  if (value === undefined) return fail(`${parent} does not contain '${key}'`);
  return typeof value === 'string' ? ok(value) : wrongType(parent, key);
}

/** A member that is a string, or absent; null is absent. */
export function optionalString(object: JsonObject, parent: string, key: string): Result<string | undefined> {
  const value = member(object, key) ?? undefined;
  return value === undefined || typeof value === 'string' ? ok(value) : wrongType(parent, key);
}

/** A member that is a list of strings, or absent; `list` is how messages call it when an element is no string. */
export function optionalStrings(
  object: JsonObject,
  parent: string,
  key: string,
  elementMessage: string,
): Result<string[] | undefined> {
  const value = member(object, key) ?? undefined;
  if (value === undefined) return ok(undefined);
  if (!Array.isArray(value)) return wrongType(parent, key);
  const strings: string[] = [];
  for (const element of value as readonly unknown[]) {
    if (typeof element !== 'string') return fail(elementMessage);
    strings.push(element);
  }
  return ok(strings);
}

/** The member `meta`: an object of strings, or absent. A Map, so that no key means anything to JavaScript. */
export function optionalMeta(object: JsonObject, parent: string): Result<Map<string, string>> {
  const value = member(object, 'meta') ?? {};
  if (!isJsonObject(value)) return wrongType(parent, 'meta');
  const meta = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    const name = boundedName(ok(key), "'meta'", 'name');
    if (!name.ok) return name;
    if (typeof text !== 'string') return wrongType("'meta'", key);
    meta.set(key, text);
  }
  return ok(meta);
}

/** Whether a value is a Uint8Array, of this realm or another (as in some test runners). */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/** Bytes that are written as text or, by publishers in the same process, as bytes. */
export function plainBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return encodeUtf8(value);
  return isBytes(value) ? value : undefined;
}

/** Bytes that are written as base64 or, by publishers in the same process, as bytes. */
export function base64Bytes(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return decodeBase64(value);
  return isBytes(value) ? value : undefined;
}
