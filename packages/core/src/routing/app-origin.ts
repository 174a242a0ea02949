import { filterHeaders, type HeaderList, isGripHeader, isHopByHop } from '@p-8/protocol';
import { type ClientRequest, targetUri } from '../http/client-request.js';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.js';
import type { LinkHosts } from './link-hosts.js';
import type { Destination, Handshake, Origin, SlowClientLimits, WebSocketTarget } from './origin.js';

/** What an {@link AppOrigin} needs to know. */
export interface AppOriginOptions {
  readonly prefix: string;
  readonly debug: boolean;
  readonly jsonInstructs: boolean;
  readonly limits: SlowClientLimits;
  readonly linkHosts: LinkHosts;
}

/** The app in this process as the origin. Its requests come signed by the middleware, so this adds no Grip-Sig. */
export class AppOrigin implements Origin {
  readonly id = '';
  readonly prefix: string;
  readonly debug: boolean;
  readonly jsonInstructs: boolean;
  readonly limits: SlowClientLimits;
  readonly autoCrossOrigin = false;
  readonly implicitChannels: readonly string[] = [];
  readonly dropsEntityTags = true;
  readonly seesClients = true;
  readonly grip = true;
  readonly webSocketTargets: readonly WebSocketTarget[];
  readonly #linkHosts: LinkHosts;
  readonly #upstream: Upstream;

  constructor(upstream: Upstream, options: AppOriginOptions) {
    this.#upstream = upstream;
    this.prefix = options.prefix;
    this.debug = options.debug;
    this.jsonInstructs = options.jsonInstructs;
    this.limits = options.limits;
    this.#linkHosts = options.linkHosts;
    // An app takes WebSockets as POST requests of events.
    const target = { name: 'app', host: undefined, implicitChannels: [], connect: undefined };
    this.webSocketTargets = [{ ...target, upstream, oneEvent: false, responseTimeout: 0 }];
  }

  uri({ scheme, host, path }: ClientRequest): string {
    return targetUri(scheme, host, path);
  }

  again(request: ClientRequest, gripLast: HeaderList, body: Uint8Array | null): Destination {
    const headers = [...filterHeaders(request.headers, isKept), ...gripLast];
    return this.#toApp({ method: request.method, path: request.path, headers, body, client: request.facts });
  }

  handshake(request: ClientRequest, trusted: boolean): Handshake {
    const headers = filterHeaders(
      request.headers,
      (name) => (isKept(name) || (trusted && isGripHeader(name))) && name !== 'sec-websocket-extensions',
    );
    headers.push('Sec-WebSocket-Extensions', 'grip');
    return { path: request.path, headers };
  }

  /** The middleware signs what is not signed. */
  handshakeFields(): HeaderList {
    return [];
  }

  link(uri: string, request: ClientRequest, gripLast: HeaderList): Destination | string {
    const url = new URL(uri);
    if (url.host !== new URL(this.uri(request)).host)
      return this.#linkHosts.destination(url, request.headers, gripLast);
    const path = url.pathname + url.search;
    const headers = ['Host', request.host, ...gripLast];
    return this.#toApp({ method: 'GET', path, headers, body: null, client: request.facts });
  }

  #toApp(request: UpstreamRequest): Destination {
    return { upstream: this.#upstream, request };
  }
}

/** The body comes in one piece, and plain; the middleware adds its own Grip- fields. */
function isKept(name: string): boolean {
  const framing = name === 'content-length' || name === 'accept-encoding' || name === 'expect';
  return !framing && !isHopByHop(name) && !isGripHeader(name);
}
