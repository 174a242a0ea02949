import { AsyncResource } from 'node:async_hooks';
import http, { type IncomingMessage, type Server } from 'node:http';
import type { OnError } from '../logger.js';
import { noteRejection } from '../note-rejection.js';
import type { CallCounter } from './call-counter.js';
import { isConnectFailure } from './connect-failure.js';
import { createPool } from './connection-pool.js';
import { Exchange } from './exchange.js';
import { memorySockets } from './memory-sockets.js';
import type { Pool } from './undici.js';
import type { ClientFacts, Upstream, UpstreamCall, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** Carries the number of a follow-up from our client side to our server side; the app never sees it. */
const FOLLOW_UP_HEADER = 'p-8-follow-up';
const kFollowUp = Symbol('p-8 follow-up');

/** A follow-up does not belong to the request in which something was published: what that has in an AsyncLocalStorage is not the app's to see. */
const nobodysContext = new AsyncResource('P8FollowUp');

/** Whether a request comes from this process's own {@link InProcessUpstream}. */
export function isFollowUp(req: IncomingMessage): boolean {
  return kFollowUp in req.socket;
}

/** Anything that takes requests as an `http.Server` does. */
export interface RequestTarget {
  emit(event: 'request', req: IncomingMessage, res: http.ServerResponse): boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** A bare request listener as a {@link RequestTarget}. `onError` gets what it throws, or rejects with where it is `async`. */
export function listenerTarget(listener: http.RequestListener, onError: OnError): RequestTarget {
  return {
    emit(_event, req, res) {
      const fail = (error: unknown): void => {
        onError(error);
        res.destroy();
      };
      try {
        const result: unknown = listener(req, res as Parameters<http.RequestListener>[1]);
        noteRejection(result, fail);
      } catch (error) {
        fail(error);
      }
      return true;
    },
    once: () => undefined,
  };
}

/**
 * The app in this process as an origin: requests run through memory to a server that never listens, which hands them to
 * the real one as its own. Real HTTP semantics for every framework, and no port.
 */
export class InProcessUpstream implements Upstream {
  readonly #target: RequestTarget;
  readonly #inner: Server;
  readonly #pool: Pool;
  readonly #calls: CallCounter;
  readonly #clients = new Map<string, ClientFacts>();
  #count = 0;

  constructor(target: RequestTarget, calls: CallCounter) {
    this.#target = target;
    this.#calls = calls;
    this.#inner = http.createServer((req, res) => this.#receive(req, res));
    // Follow-ups of one client may wait for another's for as long as the app likes: no time-out of ours cuts them.
    this.#inner.requestTimeout = 0;
    this.#pool = createPool('http://p-8.invalid', {
      connect: (_options, callback) => {
        const [ours, theirs] = memorySockets();
        Object.assign(theirs, { [kFollowUp]: true });
        this.#inner.emit('connection', theirs);
        queueMicrotask(() => callback(null, ours as never));
      },
    });
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const id = String(++this.#count);
    const headers = [...request.headers, FOLLOW_UP_HEADER, id];
    if (request.client !== undefined) this.#clients.set(id, request.client);
    const exchange = new Exchange(handler, this.#calls, (failed, error) => {
      this.#clients.delete(id);
      // An app that is a proxy itself, or a test's, may not reach what it stands for, and breaks the connection with that.
      const kind = isConnectFailure(error) ? 'connect' : 'broken';
      failed.fail({ kind, detail: `the app gave no response: ${error.message}`, cause: error });
    });
    nobodysContext.runInAsyncScope(exchange.dispatch, exchange, this.#pool, { ...request, headers }, 0);
    return {
      abort: () => {
        this.#clients.delete(id);
        exchange.abort();
      },
      resume: () => exchange.resume(),
    };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
    this.#inner.close();
  }

  #receive(req: IncomingMessage, res: http.ServerResponse): void {
    // The last one is ours: the client may have sent such a field as well.
    const at = req.rawHeaders.lastIndexOf(FOLLOW_UP_HEADER);
    const id = req.rawHeaders[at + 1] ?? '';
    req.rawHeaders.splice(at, 2);
    delete req.headers[FOLLOW_UP_HEADER];
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    // One connection carries one request at a time, so its facts can be the client's.
    if (client !== undefined) Object.assign(req.socket, client);
    this.#target.emit('request', req, res);
  }
}
