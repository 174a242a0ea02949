import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { HandlerEntry } from '../handler/handler-entry.js';
import { OF_NOBODY, OF_PROXY, setRequestGrip } from '../handler/request-grip.js';
import {
  type ClientRequest,
  hostName,
  readClientRequest,
  requestTarget,
  withoutCoding,
} from '../http/client-request.js';
import { ClientResponse } from '../http/client-response.js';
import { type JsonpRequest, readJsonp } from '../http/jsonp.js';
import { JsonpResponse } from '../http/jsonp-response.js';
import { isLocalClient } from '../http/local-client.js';
import { rewriteBody } from '../http/parsed-body.js';
import { refuse } from '../http/refuse.js';
import { BodyRecord, type BodyServices, hasBody, RequestBody } from '../http/request-body.js';
import { checkRequest, type Refusal } from '../http/request-checks.js';
import type { RouteOptions } from '../options.js';
import { buildRoutes, type Route } from '../routing/build-routes.js';
import type { Destination } from '../routing/origin.js';
import { RouteTable } from '../routing/route-table.js';
import { Upstreams } from '../routing/upstreams.js';
import { GripRequest } from '../sessions/grip-request.js';
import { WebSocketSession } from '../sessions/web-socket-session.js';
import { AttachReminder } from './attach-reminder.js';
import { eventsRefusal } from './events-refusal.js';
import type { FrameworkRequest } from './framework-request.js';
import { loopRefusal, ownTargetRefusal } from './loop-refusal.js';
import type { Mount, Next, ProxyContext } from './mount.js';
import { SockJsEndpoints } from './sockjs-endpoints.js';
import { Trust } from './trust.js';
import { Tunnels } from './tunnels.js';
import { UnheldAnswers } from './unheld-answers.js';
import { openHandshake, pageRefusal, refuseHandshake } from './upgrade.js';

const CLOSING: Refusal = { status: 503, message: 'Closing.' };
const NO_ROUTE: Refusal = { status: 502, message: 'Route not found' };

/** Remote origins: finds the route of a request, and asks there. */
export class RouteMount implements Mount {
  readonly #context: ProxyContext;
  readonly #trust: Trust;
  readonly #entry: HandlerEntry;
  readonly #tunnels: Tunnels;
  readonly #upstreams: Upstreams;
  readonly #sockjs: SockJsEndpoints;
  #table: RouteTable<Route>;
  #closed = false;
  readonly #reminder: AttachReminder;
  #unheld: UnheldAnswers | undefined;

  constructor(context: ProxyContext, routes: readonly RouteOptions[]) {
    this.#context = context;
    this.#reminder = new AttachReminder(context.services.warnings);
    this.#trust = new Trust(context);
    this.#entry = new HandlerEntry(context.services);
    this.#tunnels = new Tunnels(context.services);
    this.#upstreams = new Upstreams(context);
    this.#sockjs = new SockJsEndpoints(context);
    this.#table = this.#build(routes);
  }

  /** Puts other routes in place of the ones there are. Requests under way keep theirs. */
  setRoutes(routes: readonly RouteOptions[]): void {
    this.#table = this.#build(routes);
  }

  attach(): void {
    this.#reminder.isWaiting = false;
  }

  handle(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next | undefined,
    framework: FrameworkRequest | undefined,
  ): void {
    try {
      this.#take(req, res, next, framework);
    } catch (error) {
      this.#crash(res, error);
    }
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const client = openHandshake(this.#context, req, socket, head);
    if (client === undefined) return;
    const target = requestTarget(req);
    const refusal = this.#closed ? CLOSING : checkRequest(req, target);
    if (refusal !== undefined) {
      refuseHandshake(client, refusal);
      return;
    }
    const { acceptXForwardedProtocol } = this.#context.settings;
    const request = readClientRequest(req, target, acceptXForwardedProtocol);
    const route = this.#find(req, request, 'ws');
    const wrong =
      route === undefined ? NO_ROUTE : (this.#loopRefusal(req, route) ?? pageRefusal(req, route.origins));
    if (route === undefined || wrong !== undefined) {
      refuseHandshake(client, wrong ?? NO_ROUTE);
      return;
    }
    const { origin } = route;
    const sockjs = this.#sockjs.find(route, request);
    if (sockjs !== undefined) {
      sockjs.upgrade(client, request);
      return;
    }
    if (!route.grip && !route.overHttp) {
      const { webSocketTargets: targets, debug } = origin;
      const tellsReason = this.#context.services.tellsLocal && isLocalClient(request);
      this.#tunnels.open(client, { handshake: origin.tunnel(request), targets, debug, tellsReason });
      return;
    }
    const { services } = this.#context;
    this.#trust.decide(
      req,
      (trusted) => new WebSocketSession(services, { client, request, origin, trusted }).open(),
      (error) => {
        services.onError(error);
        client.abort();
      },
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unheld?.stop();
    this.#sockjs.close();
    this.#tunnels.close();
    await this.#upstreams.close();
  }

  #build(routes: readonly RouteOptions[]): RouteTable<Route> {
    const built = buildRoutes(routes, this.#upstreams, this.#context);
    this.#sockjs.use(built);
    return new RouteTable(built);
  }

  #take(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next | undefined,
    framework: FrameworkRequest | undefined,
  ): void {
    const { settings } = this.#context;
    if (this.#closed) {
      this.#refuse(req, res, CLOSING);
      return;
    }
    const target = requestTarget(req);
    const refusal = checkRequest(req, target);
    if (refusal !== undefined) {
      this.#refuse(req, res, refusal);
      return;
    }
    const request = readClientRequest(req, target, settings.acceptXForwardedProtocol);
    if (this.#reminder.isWaiting) this.#reminder.see(req.headers, request.path);
    const route = this.#find(req, request, 'http');
    if (request.path === '*' && (route !== undefined || next === undefined)) {
      // Asks what the server at large can do, not a resource of an origin: RFC 9110 9.3.7.
      const client = new ClientResponse(req, res, this.#context.services);
      client.respond(204, '', [], Buffer.alloc(0));
      return;
    }
    if (route === undefined) {
      if (next !== undefined) this.#pass(req, res, next, framework);
      else this.#refuse(req, res, NO_ROUTE);
      return;
    }
    const loop = this.#loopRefusal(req, route);
    if (loop !== undefined) {
      this.#refuse(req, res, loop);
      return;
    }
    const sockjs = this.#sockjs.find(route, request);
    if (sockjs !== undefined) {
      const wrong = pageRefusal(req, route.origins);
      if (wrong === undefined) sockjs.handle(req, res, request, framework);
      else this.#refuse(req, res, wrong);
      return;
    }
    // The body waits meanwhile: nobody reads it.
    this.#trust.decide(
      req,
      (trusted) => this.#proxy(req, res, request, route, trusted, framework),
      (error) => this.#crash(res, error),
    );
  }

  /** The app behind this proxy is no origin of it, but may be the one of a GRIP proxy in front. */
  #pass(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next,
    framework: FrameworkRequest | undefined,
  ): void {
    this.#unheld ??= new UnheldAnswers(this.#context.services.warnings, false);
    this.#trust.decide(
      req,
      (trusted) => {
        if (trusted) {
          this.#entry.enter(req, res, OF_PROXY, this.#entry.eventsOf(req, framework), next);
        } else {
          setRequestGrip(req, OF_NOBODY);
          next();
        }
      },
      next,
    );
  }

  /** An error of ours ends this request, and nothing else. */
  #crash(res: ServerResponse, error: unknown): void {
    this.#context.services.onError(error);
    res.destroy();
  }

  #find(req: IncomingMessage, request: ClientRequest, protocol: 'http' | 'ws'): Route | undefined {
    const { path, scheme, host } = request;
    const id = this.#context.settings.acceptPushpinRoute ? req.headers['pushpin-route'] : undefined;
    if (typeof id === 'string') return this.#table.byId(id, path);
    return this.#table.find({ host: hostName(host), protocol, ssl: scheme === 'https', path });
  }

  #proxy(
    req: IncomingMessage,
    res: ServerResponse,
    request: ClientRequest,
    route: Route,
    trusted: boolean,
    framework: FrameworkRequest | undefined,
  ): void {
    const jsonp = route.origin.autoCrossOrigin ? readJsonp(request, route.jsonp) : undefined;
    if (jsonp !== undefined) {
      if ('status' in jsonp) this.#refuse(req, res, jsonp, true);
      else this.#proxyJsonp(req, res, jsonp, route, trusted);
      return;
    }
    const record = new BodyRecord();
    const { services } = this.#context;
    record.countIn(services.input, res);
    const sendable = takeBody(req, request, record, services, framework);
    if ('status' in sendable) {
      this.#refuse(req, res, sendable);
      return;
    }
    const { body } = sendable;
    const destination = route.origin.first(sendable.request, body, trusted);
    const forged = trusted ? undefined : forgeryRefusal(destination, route);
    if (forged !== undefined) {
      if (body instanceof RequestBody) body.destroy();
      this.#refuse(req, res, forged);
      return;
    }
    const client = new ClientResponse(req, res, services);
    const held = new GripRequest(services, client, sendable.request, route.origin, record);
    held.ask(destination, route.grip && !trusted);
  }

  #proxyJsonp(
    req: IncomingMessage,
    res: ServerResponse,
    { request, body, wrapper }: JsonpRequest,
    route: Route,
    trusted: boolean,
  ): void {
    const { origin, grip } = route;
    const destination = origin.first(request, body, trusted);
    // A page has made this request up, whoever has passed it on.
    const forged = forgeryRefusal(destination, route);
    if (forged !== undefined) {
      this.#refuse(req, res, forged, true);
      return;
    }
    const record = new BodyRecord();
    if (body !== null) record.add(body);
    const { services } = this.#context;
    const client = new JsonpResponse(req, res, wrapper, services);
    const held = new GripRequest(services, client, request, origin, record);
    held.ask(destination, grip && !trusted);
  }

  #loopRefusal(req: IncomingMessage, route: Route): Refusal | undefined {
    const { settings, services } = this.#context;
    return loopRefusal(req.headers, settings.cdnLoop, services.limits) ?? ownTargetRefusal(req, route);
  }

  #refuse(req: IncomingMessage, res: ServerResponse, refusal: Refusal, crossOrigin = false): void {
    refuse(this.#context.services, req, res, refusal, crossOrigin);
  }
}

/** Why a request must not go out: on a route of GRIP its origin would take it for events of a WebSocket. */
function forgeryRefusal({ request }: Destination, { grip, overHttp }: Route): Refusal | undefined {
  return grip || overHttp ? eventsRefusal(request.headers) : undefined;
}

/** A request and its body: as it comes in, or as a parser that is mounted before has left it. */
function takeBody(
  req: IncomingMessage,
  request: ClientRequest,
  record: BodyRecord,
  services: BodyServices,
  framework: FrameworkRequest | undefined,
): { request: ClientRequest; body: Readable | Uint8Array | null } | Refusal {
  if (!hasBody(req)) return { request, body: null };
  if (!req.readableDidRead) return { request, body: new RequestBody(req, record, services) };
  const body = rewriteBody(framework ?? {}, req.headers['content-type'] ?? '');
  if (body === undefined) {
    return { status: 500, message: 'The body has been read already: mount the proxy before what reads it.' };
  }
  record.add(body);
  return { request: withoutCoding(request), body };
}
