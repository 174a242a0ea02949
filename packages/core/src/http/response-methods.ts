import { ServerResponse } from 'node:http';

/** What is called when a chunk has been written, or could not be. */
export type Written = (error?: Error | null) => void;

/** The methods of a response that P-8 patches, as they were before, in the forms that P-8 calls. */
export interface ResponseMethods {
  readonly writeHead: (
    this: ServerResponse,
    status: number,
    reason?: string,
    headers?: readonly (string | string[])[],
  ) => ServerResponse;
  readonly flushHeaders: (this: ServerResponse) => void;
  readonly write: (
    this: ServerResponse,
    chunk: Uint8Array | string,
    encodingOrWritten?: BufferEncoding | Written,
  ) => boolean;
  readonly end: (this: ServerResponse, chunk?: Uint8Array) => ServerResponse;
  readonly on: (this: ServerResponse, event: 'drain', listener: () => void) => ServerResponse;
}

/** What `writeHead` is given. */
export type WriteHeadArgs = [status: number, reasonOrHeaders?: unknown, headers?: unknown];

/** What is done in place of a response's own methods. */
export interface ResponseWatch {
  writeHead(res: ServerResponse, args: WriteHeadArgs): ServerResponse;
  flushHeaders(res: ServerResponse): void;
  write(res: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown): boolean;
  end(res: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown): ServerResponse;
}

/**
 * Which responses are watched, and by whom. The one that came last is kept by itself until another one comes: most apps answer
 * at once, and an entry of a WeakMap costs about as much as all else that is done for a response. So one response may be kept
 * longer than its connection.
 */
class Watches {
  readonly #watches = new WeakMap<ServerResponse, ResponseWatch>();
  #last: ServerResponse | undefined;
  #watch: ResponseWatch | undefined;

  has(res: ServerResponse): boolean {
    return this.get(res) !== undefined;
  }

  get(res: ServerResponse): ResponseWatch | undefined {
    return res === this.#last ? this.#watch : this.#watches.get(res);
  }

  set(res: ServerResponse, watch: ResponseWatch): void {
    if (this.#last !== undefined && this.#watch !== undefined) this.#watches.set(this.#last, this.#watch);
    this.#last = res;
    this.#watch = watch;
  }

  delete(res: ServerResponse): void {
    this.#watches.delete(res);
    if (res !== this.#last) return;
    this.#last = undefined;
    this.#watch = undefined;
  }
}

/** What a process shares, however many copies of this module it has loaded: test runners load one for each file. */
interface Shared {
  readonly native: ResponseMethods;
  readonly watches: Watches;
  /** The methods of a response that nobody has changed: Node's, or those that we have put in their place. */
  bare: ResponseMethods;
}

const kShared = Symbol.for('p-8 response watches');
const prototype = ServerResponse.prototype as ServerResponse & { [kShared]?: Shared };
const shared: Shared = prototype[kShared] ?? share(methodsNow(prototype));

/** The methods of Node's responses. */
export const native: ResponseMethods = shared.native;

/** The methods of a response as they are now; those of Node where nobody has put himself between. */
export function methodsOf(res: ServerResponse): ResponseMethods {
  return isBare(res) && !shared.watches.has(res) ? native : methodsNow(res);
}

/**
 * Has `watch` take the place of a response's methods. False: somebody else has done so already, on the response itself or
 * in a class of his own.
 *
 * The methods of all responses are replaced for that once, by ones that look whether a response is watched. Express gives
 * each response another prototype; any property that is added after that costs V8 a new hidden class, each time.
 */
export function watchResponse(res: ServerResponse, watch: ResponseWatch): boolean {
  if (shared.bare === native && hasBareMethods(prototype)) patchPrototype();
  if (!isBare(res)) return false;
  shared.watches.set(res, watch);
  return true;
}

/** Gives a response that {@link watchResponse} has taken its own methods back. */
export function unwatchResponse(res: ServerResponse): void {
  shared.watches.delete(res);
}

/**
 * Whether a response's methods are those of its class. They are looked for where responses have them in common, since each
 * read from a response that Express has had in hand is slow.
 */
function isBare(res: ServerResponse): boolean {
  const hasOwn =
    Object.hasOwn(res, 'writeHead') ||
    Object.hasOwn(res, 'write') ||
    Object.hasOwn(res, 'end') ||
    Object.hasOwn(res, 'flushHeaders');
  return hasBareMethods(hasOwn ? res : Object.getPrototypeOf(res));
}

function hasBareMethods(methods: ServerResponse): boolean {
  const { bare } = shared;
  return (
    methods.writeHead === bare.writeHead &&
    methods.write === bare.write &&
    methods.end === bare.end &&
    methods.flushHeaders === bare.flushHeaders
  );
}

function share(methods: ResponseMethods): Shared {
  return { native: methods, watches: new Watches(), bare: methods };
}

function patchPrototype(): void {
  const { watches } = shared;
  const { writeHead, flushHeaders, write, end } = prototype;
  prototype.writeHead = function (this: ServerResponse, ...args: WriteHeadArgs): ServerResponse {
    const watch = watches.get(this);
    return watch === undefined ? Reflect.apply(writeHead, this, args) : watch.writeHead(this, args);
  } as ServerResponse['writeHead'];
  prototype.flushHeaders = function (this: ServerResponse): void {
    const watch = watches.get(this);
    if (watch === undefined) flushHeaders.call(this);
    else watch.flushHeaders(this);
  };
  prototype.write = function (this: ServerResponse, chunk: unknown, ...rest: [unknown?, unknown?]): boolean {
    const watch = watches.get(this);
    return watch === undefined
      ? Reflect.apply(write, this, [chunk, ...rest])
      : watch.write(this, chunk, rest[0], rest[1]);
  };
  prototype.end = function (this: ServerResponse, ...args: [unknown?, unknown?, unknown?]): ServerResponse {
    const watch = watches.get(this);
    return watch === undefined ? Reflect.apply(end, this, args) : watch.end(this, args[0], args[1], args[2]);
  } as ServerResponse['end'];
  shared.bare = methodsNow(prototype);
  prototype[kShared] = shared;
}

function methodsNow(res: ServerResponse): ResponseMethods {
  const { writeHead, flushHeaders, write, end, on } = res;
  return { writeHead, flushHeaders, write, end, on } as ResponseMethods;
}
