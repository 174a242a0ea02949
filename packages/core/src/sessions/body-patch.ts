import { applyPatch, type Operation } from 'rfc6902';

/** How much work one JSON Patch may be. */
export interface PatchLimits {
  /** The most bytes of the body and of all values that operations add, copy or compare, together. */
  readonly bytes: number;
  readonly operations: number;
  /** The most objects and arrays within each other, and the most parts of a pointer. */
  readonly depth: number;
}

/** Why there is no patched body: `failed`, or the limit that was reached. */
export type PatchFault = 'failed' | keyof PatchLimits;

/** Parts of a JSON pointer that would reach behind an object's own members. */
const REFUSED = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Applies JSON Patch (RFC 6902) operations to a body of JSON. Members come out sorted, and a line end at the end of the
 * body stays, both as in Pushpin. Where an operation fails, or a limit is reached, none counts.
 */
export function patchBody(
  body: Uint8Array,
  operations: readonly unknown[],
  limits: PatchLimits,
): Uint8Array | PatchFault {
  if (operations.length > limits.operations) return 'operations';
  if (body.length > limits.bytes) return 'bytes';
  try {
    const text = Buffer.from(body).toString();
    const ending = /\r?\n$/.exec(text)?.[0] ?? '';
    const json = new Patcher(JSON.parse(text), limits.bytes - body.length, limits.depth).apply(operations);
    return json.length > limits.bytes ? 'bytes' : Buffer.from(json + ending);
  } catch (error) {
    // JSON and the library throw too: at what is no JSON, has no end, or is nested too deeply for the stack.
    return error instanceof PatchError ? error.fault : 'failed';
  }
}

/** Elements of an array that are moved in the time in which a byte of JSON is copied, at the least. */
const SHIFTED_PER_BYTE = 16;

/** Where a pointer leads to. */
interface Place {
  readonly parent: unknown;
  readonly name: string;
  readonly value: unknown;
}

class PatchError extends Error {
  readonly fault: PatchFault;

  constructor(fault: PatchFault) {
    super(fault);
    this.fault = fault;
  }
}

/** A document that operations are applied to. */
class Patcher {
  /** The document stands inside another, so that the root can be replaced as well. */
  readonly #holder: { readonly document: unknown };
  /** Bytes that operations may still add, copy or compare. */
  #left: number;
  readonly #maxDepth: number;

  constructor(document: unknown, maxBytes: number, maxDepth: number) {
    if (typeof document !== 'object' || document === null) throw new PatchError('failed');
    this.#holder = { document };
    this.#left = maxBytes;
    this.#maxDepth = maxDepth;
  }

  /** Applies the operations and gives the JSON of what the document has become. @throws PatchError */
  apply(operations: readonly unknown[]): string {
    for (const operation of operations) this.#apply(operation);
    return JSON.stringify(sorted(this.#holder.document, this.#maxDepth));
  }

  #apply(given: unknown): void {
    if (!isOperation(given)) throw new PatchError('failed');
    for (const pointer of pointersOf(given)) this.#checkPointer(pointer);
    const operation = intoHolder(given);
    const place = find(this.#holder, operation.path, !mayBeNew(operation));
    const source = 'from' in operation ? find(this.#holder, operation.from, true) : undefined;
    // Before anything is copied: each copy can double the document.
    if ('value' in operation) this.#chargeValue(operation.value);
    else if (operation.op === 'copy') this.#chargeValue(source?.value);
    if (operation.op !== 'test' && operation.op !== 'replace') this.#chargeShift(place);
    if (operation.op === 'move' && source !== undefined) this.#chargeShift(source);
    // The library looks for the shortest way from one value to the other, which takes the square of their lengths.
    const succeeds =
      operation.op === 'test'
        ? 'value' in operation && isSame(place.value, operation.value)
        : applyPatch(this.#holder, [operation])[0] === null;
    if (!succeeds) throw new PatchError('failed');
  }

  #checkPointer(pointer: string): void {
    this.#spend(pointer.length);
    const [start, ...parts] = pointer.split('/');
    if (parts.length > this.#maxDepth) throw new PatchError('depth');
    if (start !== '' || parts.some((part) => REFUSED.has(part))) throw new PatchError('failed');
  }

  #chargeValue(value: unknown): void {
    // What is no JSON, of a publisher in this process.
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new PatchError('failed');
    this.#spend(Buffer.byteLength(json));
  }

  /** The elements behind a place in an array move up or down. */
  #chargeShift({ parent, name }: Place): void {
    if (Array.isArray(parent) && name !== '-')
      this.#spend(Math.ceil((parent.length - Number(name)) / SHIFTED_PER_BYTE));
  }

  #spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new PatchError('bytes');
  }
}

function isOperation(operation: unknown): operation is Operation {
  if (typeof operation !== 'object' || operation === null || !('op' in operation) || !('path' in operation))
    return false;
  return pointersOf(operation as Operation).every((pointer) => typeof pointer === 'string');
}

function pointersOf(operation: Operation): string[] {
  return 'from' in operation ? [operation.path, operation.from] : [operation.path];
}

function intoHolder(operation: Operation): Operation {
  const path = `/document${operation.path}`;
  return 'from' in operation
    ? { ...operation, path, from: `/document${operation.from}` }
    : { ...operation, path };
}

function mayBeNew({ op }: Operation): boolean {
  return op === 'add' || op === 'copy' || op === 'move';
}

/**
 * The place that a pointer leads to, through members that are there; `exists`: the last one must be there too. The library
 * takes what an object or array inherits for members, and any text for an index; RFC 6901 4 does not. @throws PatchError
 */
function find(document: unknown, pointer: string, exists: boolean): Place {
  const tokens = pointer.split('/').slice(1);
  let place: Place = { parent: undefined, name: '', value: document };
  for (const [at, token] of tokens.entries()) {
    const parent = place.value;
    if (typeof parent !== 'object' || parent === null) throw new PatchError('failed');
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere = Object.hasOwn(parent, name) && (!Array.isArray(parent) || /^\d+$/.test(name));
    const canBeNew = !exists && at === tokens.length - 1;
    const isNew = canBeNew && (!Array.isArray(parent) || name === '-' || name === String(parent.length));
    if (!isThere && !isNew) throw new PatchError('failed');
    place = { parent, name, value: (parent as Record<string, unknown>)[name] };
  }
  return place;
}

/** Whether two values of JSON are equal (RFC 6902 4.6). Costs no more than the smaller one has members. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((element: unknown, at) => isSame(element, (b as readonly unknown[])[at]));
  }
  const names = Object.keys(b);
  if (Object.keys(a).length !== names.length) return false;
  return names.every(
    (name) =>
      Object.hasOwn(a, name) &&
      isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}

/** The same with members sorted, changed in place where that is enough: most publishers write them sorted. @throws PatchError */
function sorted(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) throw new PatchError('depth');
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    for (const [at, element] of list.entries()) list[at] = sorted(element, depth - 1);
    return list;
  }
  const members = value as Record<string, unknown>;
  const names = Object.keys(members);
  if (isSorted(names)) {
    for (const name of names) members[name] = sorted(members[name], depth - 1);
    return members;
  }
  // Without a prototype, `__proto__` is a member like others.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const name of names.sort()) copy[name] = sorted(members[name], depth - 1);
  return copy;
}

function isSorted(names: readonly string[]): boolean {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name);
}
