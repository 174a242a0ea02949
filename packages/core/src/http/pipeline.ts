import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { InputBytes, KeptInput } from '../input-bytes.js';
import { isServed, whenItsTurn } from './node-connection.js';

/**
 * Requests that may wait before the connection is read no further than what one read has brought. As long as it is read, a client
 * that leaves is noticed.
 */
const MAX_READ_AHEAD = 32;

/** What Node makes of a request takes so much. */
const REQUEST_BYTES = 6144;

const kPipeline = Symbol('p-8 pipeline');
type PipelinedSocket = Socket & { [kPipeline]?: Pipeline | undefined };

/** Whether the response has to wait for those of other requests on its connection: RFC 9112 9.3.2. */
export function isPipelined(res: ServerResponse): boolean {
  return res.socket === null && !res.writableEnded;
}

/**
 * Calls `start` once fewer than `max` requests of the connection are under way, and at the latest when it is the turn of the
 * request's response. Never, where the client leaves before.
 *
 * @returns false: the request has to wait, and is the first one that does
 */
export function startInTurn(
  req: IncomingMessage,
  res: ServerResponse,
  max: number,
  input: InputBytes,
  start: () => void,
): boolean {
  const socket: PipelinedSocket = req.socket;
  socket[kPipeline] ??= new Pipeline(socket, input);
  return socket[kPipeline].take(res, max, start);
}

/** The requests of a client that does not wait for the answers. */
class Pipeline implements KeptInput {
  readonly #socket: Socket;
  readonly #input: InputBytes;
  /** Requests that are under way and whose response has to wait. There is one more: the request whose response is due. */
  readonly #behind = new Set<ServerResponse>();
  readonly #waiting = new Map<ServerResponse, () => void>();
  #max = 1;
  #isFull = false;
  #paused = false;

  constructor(socket: Socket, input: InputBytes) {
    this.#socket = socket;
    this.#input = input;
    socket.once('close', () => input.remove(this));
  }

  /** All clients together have too much waiting. Who sends requests without waiting for answers has to send them again. */
  shedInput(): void {
    this.#socket.destroy();
  }

  take(res: ServerResponse, max: number, start: () => void): boolean {
    this.#max = max;
    // Where proxies stand behind one another, each of them takes the request.
    if (this.#behind.has(res) || this.#socket.destroyed) {
      start();
      return true;
    }
    whenItsTurn(res, () => this.#onTurn(res));
    if (this.#hasRoom) {
      this.#behind.add(res);
      start();
      return true;
    }
    // A request that starts later must find what its own AsyncLocalStorage has.
    this.#waiting.set(res, AsyncResource.bind(start));
    this.#input.update(this, this.#waiting.size * REQUEST_BYTES);
    if (this.#isFull) this.#pause();
    else if (this.#waiting.size === MAX_READ_AHEAD) setImmediate(() => this.#look());
    return this.#waiting.size > 1;
  }

  get #hasRoom(): boolean {
    return this.#behind.size + 1 < this.#max;
  }

  /** All responses before this one are complete. */
  #onTurn(res: ServerResponse): void {
    this.#behind.delete(res);
    const start = this.#waiting.get(res);
    this.#waiting.delete(res);
    start?.();
    for (const [next, startNext] of this.#waiting) {
      if (!this.#hasRoom) break;
      this.#waiting.delete(next);
      this.#behind.add(next);
      startNext();
    }
    if (!this.#socket.destroyed) this.#input.update(this, this.#waiting.size * REQUEST_BYTES);
    this.#look();
  }

  /** What comes in a later turn of the loop is of another read. */
  #look(): void {
    this.#isFull = this.#waiting.size >= MAX_READ_AHEAD;
    if (!this.#isFull) this.#resume();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.on('resume', stayPaused);
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.off('resume', stayPaused);
    // What comes behind an upgrade is not for Node's server to read.
    if (isServed(this.#socket)) this.#socket.resume();
  }
}

/** Node's server reads on whenever a request's body is asked for, and whenever a response grows. */
function stayPaused(this: Socket): void {
  this.pause();
}
