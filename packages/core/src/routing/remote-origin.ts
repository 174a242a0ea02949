import type { Readable } from 'node:stream';
import { filterHeaders, type HeaderList } from '@p-8/protocol';
import { type ClientRequest, targetUri } from '../http/client-request.js';
import { namesEvents } from '../http/events-fields.js';
import { type ForwardingRules, forwardedHeaders } from '../http/forwarded-headers.js';
import type { Signer } from '../http/signature.js';
import type { XForwardedForOptions } from '../options.js';
import type { Upstream } from '../upstream/upstream.js';
import { gripFields } from './grip-fields.js';
import type { LinkHosts } from './link-hosts.js';
import type { Destination, Handshake, Origin, SlowClientLimits, WebSocketTarget } from './origin.js';

/** What a {@link RemoteOrigin} needs to know: a route's options, complete. */
export interface RemoteOriginOptions {
  readonly webSocketTargets: readonly WebSocketTarget[];
  readonly id: string;
  readonly prefix: string;
  readonly debug: boolean;
  readonly autoCrossOrigin: boolean;
  readonly jsonInstructs: boolean;
  readonly limits: SlowClientLimits;
  /** One of its targets is in this process. */
  readonly seesClients: boolean;
  readonly implicitChannels: readonly string[];
  /** Undefined: requests are not signed. */
  readonly signer: Signer | undefined;
  /** False: no Grip- fields are added. */
  readonly grip: boolean;
  readonly asHost: string | undefined;
  readonly pathRemove: number;
  readonly pathPrepend: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly rules: ForwardingRules;
  readonly xForwardedFor: XForwardedForOptions | undefined;
  readonly xForwardedForTrusted: XForwardedForOptions | undefined;
  /** Hosts by which the route's own targets are known. */
  readonly targetHosts: ReadonlySet<string>;
  readonly linkHosts: LinkHosts;
}

/** A remote origin, or several that serve the same: how its requests are written. */
export class RemoteOrigin implements Origin {
  readonly id: string;
  readonly prefix: string;
  readonly debug: boolean;
  readonly autoCrossOrigin: boolean;
  readonly jsonInstructs: boolean;
  readonly limits: SlowClientLimits;
  readonly implicitChannels: readonly string[];
  readonly dropsEntityTags = false;
  readonly seesClients: boolean;
  readonly grip: boolean;
  readonly webSocketTargets: readonly WebSocketTarget[];
  readonly upstream: Upstream;
  readonly #options: RemoteOriginOptions;

  constructor(upstream: Upstream, options: RemoteOriginOptions) {
    this.upstream = upstream;
    this.#options = options;
    this.id = options.id;
    this.grip = options.grip;
    this.webSocketTargets = options.webSocketTargets;
    this.prefix = options.prefix;
    this.debug = options.debug;
    this.autoCrossOrigin = options.autoCrossOrigin;
    this.jsonInstructs = options.jsonInstructs;
    this.limits = options.limits;
    this.seesClients = options.seesClients;
    this.implicitChannels = options.implicitChannels;
  }

  uri(request: ClientRequest): string {
    return targetUri(request.scheme, this.#host(request), this.#path(request));
  }

  /** A client's request for the first time. `trusted`: it comes from a GRIP proxy that does its own holding. */
  first(request: ClientRequest, body: Readable | Uint8Array | null, trusted: boolean): Destination {
    const headers = this.#headers(request, this.#host(request), trusted, []);
    return this.#destination(request, headers, body, true);
  }

  again(request: ClientRequest, gripLast: HeaderList, body: Uint8Array | null): Destination {
    // The body comes in one piece now, whatever its framing was.
    const received = filterHeaders(request.headers, (name) => name !== 'content-length');
    const headers = this.#headers({ ...request, headers: received }, this.#host(request), false, gripLast);
    return this.#destination(request, headers, body, false);
  }

  handshake(request: ClientRequest, trusted: boolean): Handshake {
    // Extensions are between the two ends of a connection, except for ours. There is no body, so nothing tells of its type.
    const headers = filterHeaders(
      request.headers,
      (name) => name !== 'sec-websocket-extensions' && name !== 'content-type' && name !== 'content_type',
    );
    const sent = this.#upgradeHeaders({ ...request, headers }, trusted);
    if (this.grip) sent.push('Sec-WebSocket-Extensions', 'grip');
    return { path: this.#path(request), headers: sent };
  }

  /** A client's handshake for an origin that it is connected through to. */
  tunnel(request: ClientRequest): Handshake {
    return { path: this.#path(request), headers: this.#upgradeHeaders(request, false) };
  }

  handshakeFields(trusted: boolean): HeaderList {
    return trusted || !this.grip ? [] : gripFields(this.#options.signer, []);
  }

  /** Links are read as the origin wrote them, in its own terms: the route's rewriting of paths is not for them. */
  link(uri: string, request: ClientRequest, gripLast: HeaderList): Destination | string {
    const url = new URL(uri);
    const own = url.host === new URL(this.uri(request)).host;
    if (!own && !this.#options.targetHosts.has(url.host))
      return this.#options.linkHosts.destination(url, request.headers, gripLast);
    // What has come around to here must still be told from what begins here.
    const bare = { ...request, headers: filterHeaders(request.headers, (name) => name === 'cdn-loop') };
    const headers = this.#headers(bare, own ? this.#host(request) : url.host, false, gripLast);
    if (namesEvents(headers)) return 'the fields of the route make the request one of WebSocket events';
    return {
      upstream: this.upstream,
      request: { method: 'GET', path: url.pathname + url.search, headers, body: null, client: request.facts },
    };
  }

  #destination(
    request: ClientRequest,
    headers: string[],
    body: Readable | Uint8Array | null,
    isClients: boolean,
  ): Destination {
    const { method, facts: client } = request;
    const path = this.#path(request);
    return { upstream: this.upstream, request: { method, path, headers, body, client, isClients } };
  }

  #headers(request: ClientRequest, host: string, trusted: boolean, gripLast: HeaderList): string[] {
    const { rules, headers, grip, signer, xForwardedFor, xForwardedForTrusted } = this.#options;
    return forwardedHeaders(request, {
      host,
      rules,
      trusted,
      xForwardedFor: trusted ? xForwardedForTrusted : xForwardedFor,
      grip: trusted || !grip ? [] : gripFields(signer, gripLast),
      set: headers,
    });
  }

  #upgradeHeaders(request: ClientRequest, trusted: boolean): string[] {
    const { rules, headers, xForwardedFor, xForwardedForTrusted } = this.#options;
    return forwardedHeaders(request, {
      host: this.#host(request),
      rules,
      trusted,
      xForwardedFor: trusted ? xForwardedForTrusted : xForwardedFor,
      grip: [],
      set: headers,
      secureScheme: 'wss',
    });
  }

  #host(request: ClientRequest): string {
    return this.#options.asHost ?? request.host;
  }

  #path({ path }: ClientRequest): string {
    const { pathRemove, pathPrepend } = this.#options;
    if (pathRemove === 0 && pathPrepend === '') return path;
    // Never into the query; and what is left begins with a slash.
    const query = path.indexOf('?');
    const end = query === -1 ? path.length : query;
    const rewritten = pathPrepend + path.slice(Math.min(pathRemove, end));
    return rewritten.startsWith('/') ? rewritten : `/${rewritten}`;
  }
}
