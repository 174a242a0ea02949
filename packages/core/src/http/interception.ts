import { type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isGripHeader, isInstruct } from '@p-8/protocol';
import { entriesOf, mergeHeaders } from './head-fields.js';
import {
  methodsOf,
  native,
  type ResponseMethods,
  type ResponseWatch,
  unwatchResponse,
  type WriteHeadArgs,
  watchResponse,
} from './response-methods.js';
import { writeAtOnce } from './write-at-once.js';

/** Takes over a response that turned out to be an instruct. */
export interface CapturedBody {
  /** A part of the body; false: the app should wait for `drain`. */
  write(chunk: Buffer): boolean;
  end(): void;
}

/** Hears that an app answers with an instruct, and says who takes its body. */
export interface InstructTaker {
  /** `methods`: how to reach the response itself. */
  onInstructHead(status: number, reason: string, headers: string[], methods: ResponseMethods): CapturedBody;
}

/** Where a response stands: its head has not been written; it is none of ours; we take what the app writes; it is done. */
type Phase = 'open' | 'passing' | 'captured' | 'ended';

/**
 * Watches what an app in this process answers, and decides when the head is about to go out: without Grip- fields the
 * response is the app's own, for ever; otherwise what the app writes goes to `taker`. Works for everything that writes
 * to a `ServerResponse` in whatever way, since all ways lead through these four methods. `readsJson`: content may be an instruct.
 */
export function intercept(res: ServerResponse, taker: InstructTaker, readsJson: boolean): void {
  // Somebody before us has decided already.
  if (res.headersSent) return;
  const interception = new Interception(taker, readsJson);
  if (watchResponse(res, interception)) return;
  interception.methods = methodsOf(res);
  patch(res, interception);
}

const kInterception = Symbol('p-8 interception');
type PatchedResponse = ServerResponse & { [kInterception]: Interception };

/** Puts us in front of whoever has methods of his own on a response. */
function patch(res: ServerResponse, interception: Interception): void {
  (res as PatchedResponse)[kInterception] = interception;
  res.writeHead = writeHead as ServerResponse['writeHead'];
  res.flushHeaders = flushHeaders as ServerResponse['flushHeaders'];
  res.write = write as ServerResponse['write'];
  res.end = end as ServerResponse['end'];
}

function writeHead(this: PatchedResponse, ...args: WriteHeadArgs): ServerResponse {
  return this[kInterception].writeHead(this, args);
}

function flushHeaders(this: PatchedResponse): void {
  this[kInterception].flushHeaders(this);
}

function write(this: PatchedResponse, chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  return this[kInterception].write(this, chunk, encoding, callback);
}

function end(this: PatchedResponse, chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse {
  return this[kInterception].end(this, chunk, encoding, callback);
}

type Done = (error?: Error | null) => void;

/** One watched response. */
class Interception implements ResponseWatch {
  /** What the response did before. */
  methods: ResponseMethods = native;
  readonly #taker: InstructTaker;
  readonly #readsJson: boolean;
  #phase: Phase = 'open';
  /** The app has said how long its body is. */
  #hasLength = false;
  #body: CapturedBody | undefined;
  /** What `writeHead` was given, while it is only decided on: the head waits for the body that is being ended. */
  #waitingHead: WriteHeadArgs | undefined;

  constructor(taker: InstructTaker, readsJson: boolean) {
    this.#taker = taker;
    this.#readsJson = readsJson;
  }

  writeHead(res: ServerResponse, args: WriteHeadArgs): ServerResponse {
    if (this.#phase === 'open') this.#decide(res, args);
    if (this.#phase !== 'passing') return res;
    if (this.#waitingHead === undefined) return Reflect.apply(this.methods.writeHead, res, args);
    res.statusCode = args[0];
    this.#waitingHead = args;
    return res;
  }

  flushHeaders(res: ServerResponse): void {
    if (this.#phase === 'open') res.writeHead(res.statusCode);
    if (this.#phase === 'passing') this.methods.flushHeaders.call(res);
  }

  write(res: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown): boolean {
    if (this.#phase === 'open') res.writeHead(res.statusCode);
    if (this.#phase === 'passing') return Reflect.apply(this.methods.write, res, [chunk, encoding, callback]);
    if (this.#phase === 'ended') return false;
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done as Done);
    return this.#body?.write(toBuffer(chunk, encoding)) ?? false;
  }

  end(res: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown): ServerResponse {
    if (this.#phase === 'open') this.#decideAtEnd(res);
    if (this.#phase === 'passing') return this.#passEnd(res, chunk, encoding, callback);
    if (this.#phase === 'ended') return res;
    if (chunk != null && typeof chunk !== 'function') this.#body?.write(toBuffer(chunk, encoding));
    this.#phase = 'ended';
    // Node's own `end` undoes this as well.
    while (res.writableCorked > 0) res.uncork();
    const done = [chunk, encoding, callback].find((argument) => typeof argument === 'function');
    if (done !== undefined) process.nextTick(done as Done);
    this.#body?.end();
    return res;
  }

  #passEnd(res: ServerResponse, chunk: unknown, encoding: unknown, callback: unknown): ServerResponse {
    const { methods } = this;
    const isPlain = this.#hasLength && methods === native && typeof encoding !== 'function';
    if (isPlain && isChunk(chunk) && writeAtOnce(res, chunk, encoding as BufferEncoding)) {
      return Reflect.apply(methods.end, res, [callback]);
    }
    return Reflect.apply(methods.end, res, [chunk, encoding, callback]);
  }

  /**
   * Node tells the length of a body that is ended in one piece, and so may a compression that is mounted outside: if the
   * head has not been written before. So it is decided on first, and left for them to write.
   */
  #decideAtEnd(res: ServerResponse): void {
    // Nobody watches for the head from inside.
    if (res.writeHead === writeHead || res.writeHead === ServerResponse.prototype.writeHead) {
      this.#decide(res, [res.statusCode]);
      return;
    }
    this.#waitingHead = [res.statusCode];
    res.writeHead(res.statusCode);
    if (this.#phase !== 'passing') return;
    // Those who watch for the head from inside have had their turn.
    const waiting = this.#waitingHead;
    this.#waitingHead = undefined;
    const { methods } = this;
    res.writeHead = ((status: number): ServerResponse => {
      res.writeHead = methods.writeHead as ServerResponse['writeHead'];
      return Reflect.apply(methods.writeHead, res, [status, ...waiting.slice(1)]);
    }) as ServerResponse['writeHead'];
  }

  /** Is it an instruct? Then its head becomes a plain list, and the response is bare again, ready for the hold's own. */
  #decide(res: ServerResponse, args: WriteHeadArgs): void {
    const given = typeof args[1] === 'string' ? args[2] : args[1];
    const fields = res.getHeaders();
    if (!isForProxy(fields, given, this.#readsJson)) {
      this.#phase = 'passing';
      this.#hasLength = fields['content-length'] !== undefined;
      unwatchResponse(res);
      return;
    }
    this.#phase = 'captured';
    res.statusCode = args[0];
    if (typeof args[1] === 'string') res.statusMessage = args[1];
    mergeHeaders(res, given);
    const headers = takeHeaders(res);
    // As far as the app can see, it has answered: nobody is to answer for it, or after it.
    Object.defineProperties(res, {
      headersSent: { configurable: true, get: () => true },
      writableEnded: { configurable: true, get: () => this.#phase === 'ended' },
      // Or `stream.pipeline` takes a client that leaves its hold for one that did not get the app's answer.
      writableFinished: { configurable: true, get: () => this.#phase === 'ended' },
    });
    const reason = res.statusMessage ?? '';
    res.statusMessage = '';
    this.#body = this.#taker.onInstructHead(res.statusCode, reason, headers, this.methods);
  }
}

function isForProxy(fields: OutgoingHttpHeaders, given: unknown, readsJson: boolean): boolean {
  for (const name in fields) if (isGripHeader(name)) return true;
  const type = readsJson ? fields['content-type'] : undefined;
  if (typeof type === 'string' && isInstruct(['Content-Type', type])) return true;
  if (typeof given !== 'object' || given === null) return false;
  const list: string[] = [];
  for (const [name, value] of entriesOf(given)) list.push(name, String(value));
  return isInstruct(list, readsJson);
}

/** Responses of HTTP/1 have it, with the letter case that the app chose; Node's types know it from a later version on. */
type RawNames = ServerResponse & { getRawHeaderNames?(): string[] };

function takeHeaders(res: ServerResponse): string[] {
  const list: string[] = [];
  for (const name of (res as RawNames).getRawHeaderNames?.() ?? res.getHeaderNames()) {
    // Once it is removed, Node chunks this response no more.
    if (res.useChunkedEncodingByDefault && name.toLowerCase() === 'transfer-encoding') continue;
    const value = res.getHeader(name);
    for (const one of Array.isArray(value) ? value : [value]) list.push(name, String(one));
    res.removeHeader(name);
  }
  return list;
}

function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return (typeof chunk === 'string' || chunk instanceof Uint8Array) && chunk.length > 0;
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encodingOf(encoding));
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array);
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
}
