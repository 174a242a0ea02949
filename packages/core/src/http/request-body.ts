import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type InputBytes, type KeptInput, TRIFLE } from '../input-bytes.js';
import { type ArrivalServices, BodyArrival, type BodyReader } from './body-arrival.js';
import { ChunkList } from './chunk-list.js';
import { type ParsedBody, rewriteBody } from './parsed-body.js';
import type { PausedBodies } from './paused-bodies.js';
import { peek } from './peek.js';

/** The most bytes of a request's body that are kept, so that the request can be sent again. Source: Pushpin. */
export const MAX_RECORDED_BODY = 100_000;

/** Whose request a body belongs to. */
export interface BodyOwner {
  /** Nothing of an answer has been sent. */
  readonly isUnanswered: boolean;
  /** The client has stopped in the midst of the body. */
  onBodyStalled(): void;
}

/** What is known of a request's body after it has passed, for sending the request again. */
export class BodyRecord implements KeptInput {
  /** Undefined: nothing has passed, or it is not kept. */
  #chunks: ChunkList | undefined;
  #bytes = 0;
  #tooLarge = false;
  #input: InputBytes | undefined;
  #res: ServerResponse | undefined;
  /** What is kept is without the content coding that the client sent it in. */
  isDecoded = false;
  /** The rest of the body has not passed yet. */
  isArriving = false;
  /** Whose request it is. */
  owner: BodyOwner | undefined;

  /** More than {@link MAX_RECORDED_BODY} bytes have passed: the request cannot be sent again, nor be held. */
  get tooLarge(): boolean {
    return this.#tooLarge;
  }

  add(chunk: Buffer): void {
    if (this.#tooLarge) return;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_RECORDED_BODY) {
      this.#tooLarge = true;
      this.#chunks = undefined;
      this.#input?.remove(this);
    } else {
      this.#chunks ??= new ChunkList();
      this.#chunks.add(chunk);
      if (this.#bytes >= TRIFLE) this.#count();
    }
  }

  /** Counts what is kept, until `res` is over. */
  countIn(input: InputBytes, res: ServerResponse): void {
    this.#input = input;
    this.#res = res;
  }

  /** All clients together have too much kept: this request will not be sent again. */
  shedInput(): void {
    this.#tooLarge = true;
    this.#chunks = undefined;
  }

  /** The request will not be sent again. */
  drop(): void {
    this.#chunks = undefined;
    this.#input?.remove(this);
    this.#input = undefined;
  }

  #count(): void {
    const res = this.#res;
    this.#res = undefined;
    if (res !== undefined) {
      const drop = (): void => this.drop();
      res.once('close', drop);
      // A pipelined response that waits for its turn does not hear of the end of its connection.
      if (res.socket === null) res.req.socket.once('close', drop);
    }
    this.#input?.update(this, this.#bytes);
  }

  /** The body as it has passed so far; null when there was none. */
  bytes(): Buffer | null {
    return this.#chunks?.concat() ?? null;
  }
}

/** Whether a request announces a body: RFC 9112 6.3. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}

/** What the bodies of a proxy's requests share. */
export interface BodyServices extends ArrivalServices {
  readonly pausedBodies: PausedBodies;
}

/**
 * A request's body on its way to a remote origin, recorded as it passes. A stream of its own: whoever does not want the
 * rest of it destroys it, and destroying a request takes the client's connection along.
 */
export class RequestBody extends Readable implements BodyReader {
  readonly #req: IncomingMessage;
  readonly #record: BodyRecord;
  readonly #services: BodyServices;
  readonly #arrival: BodyArrival;
  #isWanted = false;
  #wasPaused = false;

  constructor(req: IncomingMessage, record: BodyRecord, services: BodyServices) {
    super();
    this.#req = req;
    this.#record = record;
    this.#services = services;
    this.#arrival = new BodyArrival(req, services, this);
    record.isArriving = true;
    req.on('data', this.#onData);
    req.once('end', this.#onEnd);
    req.once('error', this.#onError);
    req.pause();
  }

  get wantsBody(): boolean {
    return this.#isWanted && this.#record.owner?.isUnanswered === true;
  }

  onBodyStalled(): void {
    this.#record.owner?.onBodyStalled();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop();
    this.#req.off('error', this.#onError);
    // What nobody wants any more must still be read, or the client's next request on the connection is never seen.
    this.#req.on('error', () => {});
    this.#req.resume();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#record.add(chunk);
    // The origin may have answered already; the body is still needed for when the request is sent again.
    if (!this.destroyed && !this.push(chunk)) this.#pause();
  };
  readonly #onEnd = (): void => {
    this.#stop();
    this.#record.isArriving = false;
    if (!this.destroyed) this.push(null);
  };
  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };

  /** The origin is to take some first. */
  #pause(): void {
    this.#isWanted = false;
    this.#req.pause();
    if (this.#wasPaused) return;
    this.#wasPaused = true;
    this.#services.pausedBodies.add(this.#req);
  }

  #stop(): void {
    this.#arrival.stop();
    if (this.#wasPaused) this.#services.pausedBodies.remove(this.#req);
  }
}

/**
 * Records the body of a request that an app in this process reads by itself, without reading it: what the parser of
 * Node's server pushes into the stream is noted on its way.
 */
export function recordBody(req: IncomingMessage, record: BodyRecord, parsed: ParsedBody | undefined): void {
  if (req.readableDidRead) {
    const bytes = parsed === undefined ? undefined : rewriteBody(parsed, req.headers['content-type'] ?? '');
    record.isDecoded = true;
    if (bytes !== undefined) record.add(bytes);
    return;
  }
  // Came before us.
  const waiting = peek(req);
  if (waiting !== undefined) record.add(waiting);
  record.isArriving = !req.complete;
  const push = req.push;
  req.push = function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
    if (Buffer.isBuffer(chunk)) record.add(chunk);
    else if (chunk === null) record.isArriving = false;
    return push.call(this, chunk, encoding);
  };
}
