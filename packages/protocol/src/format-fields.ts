import type { BareAction } from './formats.js';
import {
  base64Bytes,
  isJsonObject,
  type JsonObject,
  member,
  optionalString,
  optionalStrings,
  plainBytes,
  wrongType,
} from './json.js';
import { fail, ok, type Result } from './result.js';

/** A format's object and its action, `send` if it has none. */
export function parseAction(
  value: unknown,
  parent: string,
): Result<{ object: JsonObject; action: 'send' | BareAction['action'] }> {
  if (!isJsonObject(value)) return fail(`${parent} is not an object`);
  const action = optionalString(value, parent, 'action');
  if (!action.ok) return action;
  switch (action.value) {
    case undefined:
    case 'send':
      return ok({ object: value, action: 'send' });
    case 'hint':
    case 'close':
    case 'refresh':
      return ok({ object: value, action: action.value });
    default:
      // Pushpin refuses it too, with an empty message.
      return fail(`${parent} contains 'action' with unknown value`);
  }
}

/** A format's `content-filters`. */
export function parseContentFilters(object: JsonObject, parent: string): Result<string[] | undefined> {
  return optionalStrings(
    object,
    parent,
    'content-filters',
    'content-filters contains element with wrong type',
  );
}

/** A format's `KEY-bin` (base64, or bytes) or else `KEY` (text, or bytes); undefined when it has neither. */
export function parseContent(
  object: JsonObject,
  parent: string,
  key: string,
): Result<Uint8Array | undefined> {
  const binary = member(object, `${key}-bin`);
  if (binary !== undefined) {
    // As in Pushpin, null is no content, where for the plain member it is an error.
    const bytes = binary === null ? new Uint8Array() : base64Bytes(binary);
    return bytes === undefined ? wrongType(parent, `${key}-bin`) : ok(bytes);
  }
  const plain = member(object, key);
  if (plain === undefined) return ok(undefined);
  const bytes = plainBytes(plain);
  return bytes === undefined ? wrongType(parent, key) : ok(bytes);
}
