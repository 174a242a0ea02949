import net from 'node:net';
import { filterHeaders, type HeaderList, isHopByHop, splitHeader } from '@p-8/protocol';
import type { Signer } from '../http/signature.js';
import type { LinkHostOptions } from '../options.js';
import type { Settings } from '../settings.js';
import { RemoteUpstream } from '../upstream/remote.js';
import type { UpstreamServices } from '../upstream/upstream-services.js';
import { gripFields } from './grip-fields.js';
import type { Destination } from './origin.js';

/** Milliseconds that a host other than the route's own gets to begin its answer to a link. */
const RESPONSE_TIMEOUT = 60_000;

/** What link hosts need of the proxy. */
export interface LinkHostContext {
  readonly settings: Pick<Settings, 'linkHosts' | 'sigIss' | 'cdnLoop'>;
  readonly upstreams: UpstreamServices;
  signer(iss: string, key: string | Uint8Array): Signer | undefined;
}

/** What requests to one host carry. */
interface LinkHost {
  readonly headers: HeaderList;
  /** Undefined: they are not signed. */
  readonly signer: Signer | undefined;
}

/**
 * The hosts besides a route's own that links may lead to: a list that the operator gives, so that an origin's response cannot send
 * the proxy anywhere. What a route sets, and its signature, are for its own targets: each of these hosts has its own.
 */
export class LinkHosts {
  /** By name, or by name and port. */
  readonly #hosts: ReadonlyMap<string, LinkHost>;
  readonly #cdnLoop: string;
  readonly #services: UpstreamServices;
  readonly #upstreams = new Map<string, RemoteUpstream>();

  /** @throws GripError `GRIP_ERR_OPTION` when a key cannot be read. */
  constructor(context: LinkHostContext) {
    const { linkHosts, cdnLoop } = context.settings;
    this.#hosts = new Map(linkHosts.map((options) => [keyOf(options.host), linkHost(options, context)]));
    this.#cdnLoop = cdnLoop;
    this.#services = context.upstreams;
  }

  /** The request for a link to another host; a string says why the proxy must not go there. `received`: the client's fields. */
  destination(url: URL, received: HeaderList, gripLast: HeaderList): Destination | string {
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const host = this.#hosts.get(`${url.hostname}:${port}`) ?? this.#hosts.get(url.hostname);
    if (host === undefined) return `the link leads to ${url.host}: add it to linkHosts if that is intended`;
    const headers = ['Host', url.host, ...host.headers];
    if (this.#cdnLoop !== '')
      headers.push('CDN-Loop', [...splitHeader(received, 'cdn-loop'), this.#cdnLoop].join(', '));
    headers.push(...gripFields(host.signer, gripLast));
    const request = { method: 'GET', path: url.pathname + url.search, headers, body: null };
    return { upstream: this.#upstreamFor(url), request };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
    this.#upstreams.clear();
  }

  #upstreamFor(url: URL): RemoteUpstream {
    const existing = this.#upstreams.get(url.origin);
    if (existing !== undefined) return existing;
    const upstream = new RemoteUpstream(
      {
        url: url.origin,
        insecure: false,
        servername: undefined,
        // A name may come to resolve to anything; who lists an address has chosen it.
        untrusted: net.isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0,
        clientCert: undefined,
        clientKey: undefined,
        connectTimeout: this.#services.connectTimeout,
        responseTimeout: RESPONSE_TIMEOUT,
      },
      this.#services,
    );
    this.#upstreams.set(url.origin, upstream);
    return upstream;
  }
}

/** The host as a URL would have it; a port that is named stays, even the usual one. */
function keyOf(host: string): string {
  const { hostname } = new URL(`http://${host}/`);
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? hostname : `${hostname}:${Number(port)}`;
}

function linkHost({ headers = [], sigIss, sigKey }: LinkHostOptions, context: LinkHostContext): LinkHost {
  const isOwn = (name: string): boolean => !isHopByHop(name) && name !== 'host' && name !== 'content-length';
  return {
    headers: filterHeaders(headers.flat(), isOwn),
    signer: sigKey === undefined ? undefined : context.signer(sigIss ?? context.settings.sigIss, sigKey),
  };
}
