import { applyPatch, type Operation } from 'rfc6902';

/** Parts of a JSON pointer that would reach behind an object's own members. */
const REFUSED = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Applies JSON Patch (RFC 6902) operations to a body of JSON. Members come out sorted, and a line end at the end of the
 * body stays, both as in Pushpin. Undefined: the body is not JSON, or an operation failed; then none counts.
 */
export function patchBody(body: Uint8Array, operations: readonly unknown[]): Uint8Array | undefined {
  const text = Buffer.from(body).toString();
  if (!operations.every(isAllowed)) return undefined;
  try {
    // The document stands inside another, so that the root can be replaced as well.
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null) return undefined;
    const holder = { document };
    for (const operation of operations.map(intoHolder)) {
      if (!isPossible(holder, operation) || applyPatch(holder, [operation])[0] !== null) return undefined;
    }
    const ending = /\r?\n$/.exec(text)?.[0] ?? '';
    return Buffer.from(JSON.stringify(holder.document, sortedMembers) + ending);
  } catch {
    return undefined;
  }
}

function isAllowed(operation: unknown): operation is Operation {
  if (typeof operation !== 'object' || operation === null || !('op' in operation) || !('path' in operation))
    return false;
  const pointers = [operation.path, 'from' in operation ? operation.from : ''];
  return pointers.every((pointer) => typeof pointer === 'string' && isPointer(pointer));
}

function isPointer(pointer: string): boolean {
  const [start, ...parts] = pointer.split('/');
  return start === '' && !parts.some((part) => REFUSED.has(part));
}

/** The library takes what an object or array inherits for members, and any text for an index; RFC 6901 4 does not. */
function isPossible(document: unknown, operation: Operation): boolean {
  if ('from' in operation && !leadsTo(document, operation.from, true)) return false;
  const needsValue = operation.op === 'remove' || operation.op === 'replace' || operation.op === 'test';
  return leadsTo(document, operation.path, needsValue);
}

/** Whether a pointer leads through members that are there; `exists`: the last one must be there too. */
function leadsTo(document: unknown, pointer: string, exists: boolean): boolean {
  const tokens = pointer.split('/').slice(1);
  let value = document;
  return tokens.every((token, at) => {
    if (typeof value !== 'object' || value === null) return false;
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere = Object.hasOwn(value, name) && (!Array.isArray(value) || /^\d+$/.test(name));
    const canBeNew = !exists && at === tokens.length - 1;
    const isNew = canBeNew && (!Array.isArray(value) || name === '-' || name === String(value.length));
    value = (value as Record<string, unknown>)[name];
    return isThere || isNew;
  });
}

function intoHolder(operation: unknown): Operation {
  const { path, from, ...rest } = operation as { path: string; from?: string };
  const moved = { ...rest, path: `/document${path}` };
  return (from === undefined ? moved : { ...moved, from: `/document${from}` }) as Operation;
}

function sortedMembers(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
