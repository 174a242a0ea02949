import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientRequest } from '../http/client-request.js';
import type { FrameworkRequest } from '../mounts/framework-request.js';
import type { ClientWebSocket } from '../websocket/client-web-socket.js';
import type { FrameFormat } from './frame-format.js';
import { handshakeFor, withPath } from './handshake-request.js';
import { IframePage } from './iframe-page.js';
import { PageGuard } from './page-guard.js';
import { PollReceiver } from './poll-receiver.js';
import { readSend } from './send-request.js';
import { readSockJsPath } from './sockjs-path.js';
import { cacheFields, SockJsRequest } from './sockjs-request.js';
import type { SockJsServices } from './sockjs-services.js';
import { SockJsSession } from './sockjs-session.js';
import { SockJsWebSocket } from './sockjs-web-socket.js';
import { StreamReceiver } from './stream-receiver.js';
import { type ReceivingTransport, type SendingTransport, TRANSPORTS } from './transports.js';

/** What is told to clients when the proxy ends. RFC 6455 7.4.1, and its registry. */
const RESTART = { code: 1012, reason: 'Service restart' };

/** What may be called in a page: a path of names. Anything else could be a script of its own. */
const CALLBACK = /^[A-Za-z0-9_.$]{1,200}$/;

/** How a route speaks SockJS. */
export interface SockJsOptions {
  /** Prefix of the percent-encoded path. */
  readonly prefix: string;
  /** The path that the origin sees; undefined: the client's. */
  readonly asPath: string | undefined;
  /** URL of the client's script, for the iframe page. */
  readonly clientUrl: string;
  /** Origins of the pages that may open sessions, as far as `Origin` does not say already; undefined: all. */
  readonly origins?: readonly string[] | undefined;
}

/** Opens a WebSocket to the origin for a client that is to be let in. `request`: the handshake as the origin will see it. */
export type OpenWebSocket = (client: ClientWebSocket, request: ClientRequest) => void;

/** All that is below a SockJS prefix: the sessions of the clients there, and what they need to begin one. */
export class SockJsEndpoint {
  readonly #prefix: string;
  readonly #asPath: string | undefined;
  readonly #open: OpenWebSocket;
  readonly #services: SockJsServices;
  readonly #iframePage: IframePage;
  readonly #guard: PageGuard | undefined;
  readonly #sessions = new Map<string, SockJsSession>();
  readonly #webSockets = new Set<SockJsWebSocket>();
  #closed = false;

  constructor(options: SockJsOptions, open: OpenWebSocket, services: SockJsServices) {
    this.#prefix = options.prefix.replace(/\/+$/, '');
    this.#asPath = options.asPath;
    this.#open = open;
    this.#services = services;
    this.#iframePage = new IframePage(options.clientUrl);
    this.#guard = options.origins && new PageGuard(options.origins);
  }

  /** How many sessions there are, those included whose end is remembered for a while. */
  get size(): number {
    return this.#sessions.size + this.#webSockets.size;
  }

  /** Whether a path, with query or without, is below the prefix. */
  takes(path: string): boolean {
    if (!path.startsWith(this.#prefix)) return false;
    const next = path[this.#prefix.length];
    return next === undefined || next === '/' || next === '?';
  }

  /** Answers a request that it {@link SockJsEndpoint.takes}. */
  handle(
    req: IncomingMessage,
    res: ServerResponse,
    request: ClientRequest,
    framework?: FrameworkRequest,
  ): void {
    try {
      this.#answer(new SockJsRequest(req, res, request, framework, this.#services));
    } catch (error) {
      this.#services.onError(error);
      res.destroy();
    }
  }

  /** Takes a WebSocket whose handshake is below the prefix, and has not been answered. */
  upgrade(client: ClientWebSocket, request: ClientRequest): void {
    try {
      this.#upgrade(client, request);
    } catch (error) {
      this.#services.onError(error);
      client.abort();
    }
  }

  /** Ends all sessions, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const session of [...this.#sessions.values(), ...this.#webSockets]) {
      session.shutDown(RESTART.code, RESTART.reason);
    }
  }

  /** @internal */
  forget(session: SockJsSession | SockJsWebSocket): void {
    if (session instanceof SockJsWebSocket) this.#webSockets.delete(session);
    else if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }

  #upgrade(client: ClientWebSocket, request: ClientRequest): void {
    const kind = this.#closed ? 'closed' : readSockJsPath(this.#pathOf(request))?.kind;
    const handshake = withPath(request, this.#asPath ?? `${this.#prefix}/websocket`);
    if (kind === 'raw-websocket') {
      this.#open(client, handshake);
    } else if (kind === 'websocket') {
      const socket = new SockJsWebSocket(client, this, this.#services);
      this.#webSockets.add(socket);
      this.#open(socket, handshake);
    } else {
      const [status, message] = this.#closed ? [503, 'Closing.'] : [404, 'Not Found'];
      client.reject(status, '', ['Content-Type', 'text/plain'], Buffer.from(`${message}\n`));
    }
  }

  #pathOf(request: ClientRequest): string {
    const query = request.path.indexOf('?');
    return request.path.slice(this.#prefix.length, query === -1 ? undefined : query);
  }

  #answer(request: SockJsRequest): void {
    const path = readSockJsPath(this.#pathOf(request.request));
    const transport = path?.kind === 'transport' ? TRANSPORTS.get(path.transport) : undefined;
    if (this.#closed) {
      request.refuse(503, 'Closing.');
    } else if (path === undefined || (path.kind === 'transport' && transport === undefined)) {
      request.refuse(404, 'Not Found');
    } else if (transport !== undefined && path.kind === 'transport') {
      this.#answerTransport(request, path.session, transport);
    } else if (request.method === 'OPTIONS') {
      request.answerPreflight(['OPTIONS', 'GET'], this.#services.clock.now());
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      request.refuseMethod(['OPTIONS', 'GET']);
    } else if (path.kind === 'greeting') {
      request.answer(200, 'text/plain; charset=UTF-8', 'Welcome to SockJS!\n');
    } else if (path.kind === 'info') {
      request.answer(200, 'application/json; charset=UTF-8', info());
    } else if (path.kind === 'iframe') {
      this.#answerIframe(request);
    } else {
      request.refuse(400, 'Not a valid websocket request');
    }
  }

  #answerIframe(request: SockJsRequest): void {
    const { body, entityTag } = this.#iframePage;
    // Who may embed it can change: then it must be asked for each time.
    const fields =
      this.#guard === undefined
        ? cacheFields(this.#services.clock.now())
        : ['Cache-Control', 'no-cache', 'Content-Security-Policy', this.#guard.framePolicy];
    fields.push('ETag', entityTag);
    if (this.#iframePage.isKnown(request.req.headers['if-none-match'])) {
      request.respond(304, '', fields, new Uint8Array(0));
    } else {
      request.respond(200, '', ['Content-Type', 'text/html; charset=UTF-8', ...fields], body);
    }
  }

  #answerTransport(
    request: SockJsRequest,
    id: string,
    transport: ReceivingTransport | SendingTransport,
  ): void {
    if (request.method === 'OPTIONS') {
      request.answerPreflight(['OPTIONS', transport.method], this.#services.clock.now());
    } else if (request.method !== transport.method) {
      request.refuseMethod(['OPTIONS', transport.method]);
    } else if (transport.kind === 'receive') {
      this.#receive(request, id, transport);
    } else if (!this.#sessions.has(id)) {
      request.refuse(404, 'Session not found');
    } else {
      const { takesForms } = transport;
      readSend(request, { takesForms, maxBytes: this.#services.maxMessageBytes }, (send) => {
        const session = this.#sessions.get(id);
        if (session === undefined) send.refuse(404, 'Session not found');
        else session.take(send);
      });
    }
  }

  #receive(request: SockJsRequest, id: string, { format, streams }: ReceivingTransport): void {
    const chosen = typeof format === 'function' ? this.#formatFor(request, format) : format;
    if (chosen === undefined) return;
    // Whatever body it has must not hold up what comes after it.
    if (!request.req.readableDidRead) request.req.resume();
    const receiver = streams
      ? new StreamReceiver(request, chosen, this.#services.flusher)
      : new PollReceiver(request, chosen);
    const existing = this.#sessions.get(id);
    if (existing !== undefined) {
      existing.receive(receiver);
      return;
    }
    const session = new SockJsSession(id, receiver, this, this.#services);
    this.#sessions.set(id, session);
    this.#open(session, handshakeFor(request.request, this.#asPath ?? this.#prefix));
  }

  /** For a response that a page runs. Undefined: it must not, or has not said how, and the client has been told. */
  #formatFor(request: SockJsRequest, format: (callback: string) => FrameFormat): FrameFormat | undefined {
    const { query } = request;
    const callback = query.get('c') ?? query.get('callback');
    if (this.#guard?.allows(request.req.headers) === false) {
      request.refuse(403, 'This page may not open a WebSocket here.');
    } else if (callback === null) {
      request.refuse(500, '"callback" parameter required');
    } else if (!CALLBACK.test(callback)) {
      request.refuse(500, 'invalid "callback" parameter');
    } else {
      return format(callback);
    }
    return undefined;
  }
}

/** What clients ask before they begin a session. They have no good source of chance of their own. */
function info(): string {
  return JSON.stringify({
    websocket: true,
    origins: ['*:*'],
    cookie_needed: false,
    entropy: randomInt(2 ** 32),
  });
}
