import type { ServerResponse } from 'node:http';
import { isGripHeader, isInstruct } from '@p-8/protocol';
import { nativeMethods, type ResponseMethods } from './client-response.js';
import { entriesOf, mergeHeaders } from './head-fields.js';

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

/** One watched response. */
class Interception {
  phase: Phase = 'open';
  body: CapturedBody | undefined;
  /** What `writeHead` was given besides the status, while the head waits for the body that is being ended. */
  waitingHead: unknown[] | undefined;
  readonly methods: ResponseMethods;
  readonly taker: InstructTaker;

  constructor(methods: ResponseMethods, taker: InstructTaker) {
    this.methods = methods;
    this.taker = taker;
  }
}

const kInterception = Symbol('p-8 interception');
type InterceptedResponse = ServerResponse & { [kInterception]: Interception };

/**
 * Watches what an app in this process answers, and decides when the head is about to go out: without Grip- fields the
 * response is the app's own, for ever; otherwise what the app writes goes to `taker`. Works for everything that writes
 * to a `ServerResponse` in whatever way, since all ways lead through these four methods.
 */
export function intercept(res: ServerResponse, taker: InstructTaker): void {
  // Somebody before us has decided already.
  if (res.headersSent) return;
  (res as InterceptedResponse)[kInterception] = new Interception(nativeMethods(res), taker);
  res.writeHead = writeHead as ServerResponse['writeHead'];
  res.flushHeaders = flushHeaders as ServerResponse['flushHeaders'];
  res.write = write as ServerResponse['write'];
  res.end = end as ServerResponse['end'];
}

type WriteHeadArgs = [status: number, reasonOrHeaders?: unknown, headers?: unknown];
type Done = (error?: Error | null) => void;

function writeHead(this: InterceptedResponse, ...args: WriteHeadArgs): ServerResponse {
  const state = this[kInterception];
  if (state.phase === 'open') decide(this, state, args);
  if (state.phase !== 'passing') return this;
  if (state.waitingHead === undefined) return Reflect.apply(state.methods.writeHead, this, args);
  this.statusCode = args[0];
  state.waitingHead = args.slice(1);
  return this;
}

/** Writes the head that {@link decideAtEnd} has left waiting. */
function writeWaitingHead(this: InterceptedResponse, status: number): ServerResponse {
  const state = this[kInterception];
  this.writeHead = state.methods.writeHead as InterceptedResponse['writeHead'];
  return Reflect.apply(state.methods.writeHead, this, [status, ...(state.waitingHead ?? [])]);
}

function flushHeaders(this: InterceptedResponse): void {
  const state = this[kInterception];
  if (state.phase === 'open') this.writeHead(this.statusCode);
  if (state.phase === 'passing') state.methods.flushHeaders.call(this);
}

function write(this: InterceptedResponse, chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  const state = this[kInterception];
  if (state.phase === 'open') this.writeHead(this.statusCode);
  if (state.phase === 'passing') return Reflect.apply(state.methods.write, this, [chunk, encoding, callback]);
  if (state.phase === 'ended') return false;
  const done = typeof encoding === 'function' ? encoding : callback;
  if (typeof done === 'function') process.nextTick(done as Done);
  return state.body?.write(toBuffer(chunk, encoding)) ?? false;
}

function end(
  this: InterceptedResponse,
  chunk?: unknown,
  encoding?: unknown,
  callback?: unknown,
): ServerResponse {
  const state = this[kInterception];
  if (state.phase === 'open') decideAtEnd(this, state);
  if (state.phase === 'passing') return Reflect.apply(state.methods.end, this, [chunk, encoding, callback]);
  if (state.phase === 'ended') return this;
  if (chunk != null && typeof chunk !== 'function') state.body?.write(toBuffer(chunk, encoding));
  state.phase = 'ended';
  // Node's own `end` undoes this as well.
  while (this.writableCorked > 0) this.uncork();
  const done = [chunk, encoding, callback].find((argument) => typeof argument === 'function');
  if (done !== undefined) process.nextTick(done as Done);
  state.body?.end();
  return this;
}

/**
 * Node tells the length of a body that is ended in one piece, and so may a compression that is mounted outside: if the
 * head has not been written before. So it is decided on first, and left for them to write.
 */
function decideAtEnd(res: InterceptedResponse, state: Interception): void {
  state.waitingHead = [];
  res.writeHead(res.statusCode);
  // Those who watch for the head from inside have had their turn.
  if (state.phase === 'passing') res.writeHead = writeWaitingHead as InterceptedResponse['writeHead'];
}

/** Is it an instruct? Then its head becomes a plain list, and the response is bare again, ready for the hold's own. */
function decide(res: InterceptedResponse, state: Interception, args: WriteHeadArgs): void {
  const given = typeof args[1] === 'string' ? args[2] : args[1];
  if (!hasGripFields(res, given)) {
    state.phase = 'passing';
    return;
  }
  state.phase = 'captured';
  res.statusCode = args[0];
  if (typeof args[1] === 'string') res.statusMessage = args[1];
  mergeHeaders(res, given);
  const headers = takeHeaders(res);
  // As far as the app can see, it has answered: nobody is to answer for it, or after it.
  Object.defineProperties(res, {
    headersSent: { configurable: true, get: () => true },
    writableEnded: { configurable: true, get: () => state.phase === 'ended' },
    // Or `stream.pipeline` takes a client that leaves its hold for one that did not get the app's answer.
    writableFinished: { configurable: true, get: () => state.phase === 'ended' },
  });
  const reason = res.statusMessage ?? '';
  res.statusMessage = '';
  state.body = state.taker.onInstructHead(res.statusCode, reason, headers, state.methods);
}

function hasGripFields(res: ServerResponse, given: unknown): boolean {
  for (const name of res.getHeaderNames()) if (isGripHeader(name)) return true;
  const type = res.getHeader('content-type');
  if (typeof type === 'string' && isInstruct(['Content-Type', type])) return true;
  if (typeof given !== 'object' || given === null) return false;
  const list: string[] = [];
  for (const [name, value] of entriesOf(given)) list.push(name, String(value));
  return isInstruct(list);
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

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encodingOf(encoding));
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array);
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
}
