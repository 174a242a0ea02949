import { AsyncResource } from 'node:async_hooks';
import http, { type IncomingMessage, type Server } from 'node:http';
import type { OnError } from '../logger.js';
import { noteRejection } from '../note-rejection.js';
import { isConnectFailure } from './connect-failure.js';
import { Exchange } from './exchange.js';
import { memorySockets } from './memory-sockets.js';
import type { OriginConnection } from './origin-connection.js';
import { type Opener, OriginPool } from './origin-pool.js';
import { PassingHandler } from './passing-handler.js';
import type {
  ClientFacts,
  Upstream,
  UpstreamCall,
  UpstreamError,
  UpstreamHandler,
  UpstreamRequest,
} from './upstream.js';
import type { UpstreamServices } from './upstream-services.js';

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
export class InProcessUpstream implements Upstream, Opener {
  readonly name = 'the app';
  readonly responseTimeout = 0;
  readonly mayBeStale = false;
  readonly #target: RequestTarget;
  readonly #inner: Server;
  readonly #pool: OriginPool;
  readonly #services: UpstreamServices;
  readonly #clients = new Map<string, ClientFacts>();
  #count = 0;

  constructor(target: RequestTarget, services: UpstreamServices) {
    this.#target = target;
    this.#services = services;
    this.#inner = http.createServer((req, res) => this.#receive(req, res));
    // Follow-ups of one client may wait for another's for as long as the app likes: no time-out of ours cuts them.
    this.#inner.requestTimeout = 0;
    this.#inner.keepAliveTimeout = 0;
    // Nor does a bound: what waits for the end of others may be what they wait for.
    this.#pool = new OriginPool(this, {
      ...services,
      connectionsPerOrigin: Number.POSITIVE_INFINITY,
      connectionMaxAge: 0,
    });
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const id = String(++this.#count);
    const headers = [...request.headers, FOLLOW_UP_HEADER, id];
    if (request.client !== undefined) this.#clients.set(id, request.client);
    const exchange = new Exchange(
      { ...request, headers },
      new FollowUpHandler(handler, () => this.#clients.delete(id)),
      this.#services,
    );
    nobodysContext.runInAsyncScope(this.#pool.send, this.#pool, exchange);
    return {
      abort: () => {
        this.#clients.delete(id);
        exchange.abort();
      },
      resume: () => exchange.resume(),
    };
  }

  /** @internal */
  serverNameOf(): undefined {
    return undefined;
  }

  /** @internal */
  open(connection: OriginConnection): () => void {
    const [ours, theirs] = memorySockets();
    Object.assign(theirs, { [kFollowUp]: true });
    this.#inner.emit('connection', theirs);
    ours.on('data', (chunk: Buffer) => connection.read(chunk));
    queueMicrotask(() => connection.connected(ours));
    return () => ours.destroy();
  }

  async close(): Promise<void> {
    await this.#pool.close();
    // In this turn, the app hears that its connections are closed.
    await new Promise(setImmediate);
    this.#inner.close();
  }

  #receive(req: IncomingMessage, res: http.ServerResponse): void {
    // Node makes the maps from the raw list when they are first asked for, and counts on its length: so they come first.
    const { headers, headersDistinct, rawHeaders } = req;
    // The last one is ours: the client may have sent such a field as well.
    const at = rawHeaders.lastIndexOf(FOLLOW_UP_HEADER);
    const id = rawHeaders[at + 1] ?? '';
    rawHeaders.splice(at, 2);
    delete headers[FOLLOW_UP_HEADER];
    delete headersDistinct[FOLLOW_UP_HEADER];
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    // One connection carries one request at a time, so its facts can be the client's.
    if (client !== undefined) Object.assign(req.socket, client);
    this.#target.emit('request', req, res);
  }
}

/** Hears how an app answers; tells in its own words why it has not. */
class FollowUpHandler extends PassingHandler {
  readonly #onFailure: () => void;
  #hasHead = false;

  constructor(handler: UpstreamHandler, onFailure: () => void) {
    super(handler);
    this.#onFailure = onFailure;
  }

  override onHead(status: number, reason: string, headers: string[]): void {
    this.#hasHead = true;
    super.onHead(status, reason, headers);
  }

  override onError(error: UpstreamError): void {
    this.#onFailure();
    if (this.#hasHead) {
      super.onError(error);
      return;
    }
    // An app that is a proxy itself, or a test's, may not reach what it stands for, and breaks the connection with that.
    const kind = error.cause instanceof Error && isConnectFailure(error.cause) ? 'connect' : error.kind;
    super.onError({ ...error, kind, detail: `the app gave no response: ${error.detail}` });
  }
}
