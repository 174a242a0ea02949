import net from 'node:net';
import type { CallCounter } from '../upstream/call-counter.js';
import { RemoteUpstream } from '../upstream/remote.js';
import type { Upstream } from '../upstream/upstream.js';

/** Milliseconds that a host other than the route's own gets to begin its answer to a link. */
const RESPONSE_TIMEOUT = 60_000;

/** The hosts besides a route's own that links may lead to: a list that the operator gives, so that an origin's response cannot send the proxy anywhere. */
export class LinkHosts {
  readonly #allowed: ReadonlySet<string>;
  readonly #connectTimeout: number;
  readonly #calls: CallCounter;
  readonly #upstreams = new Map<string, RemoteUpstream>();

  constructor(hosts: readonly string[], connectTimeout: number, calls: CallCounter) {
    this.#allowed = new Set(hosts.map((host) => host.toLowerCase()));
    this.#connectTimeout = connectTimeout;
    this.#calls = calls;
  }

  /** Where to send a request for `url`; a string says why not. */
  upstreamFor(url: URL): Upstream | string {
    if (!this.#allowed.has(url.host) && !this.#allowed.has(url.hostname)) {
      return `the link leads to ${url.host}: add it to linkHosts if that is intended`;
    }
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
        connectTimeout: this.#connectTimeout,
        responseTimeout: RESPONSE_TIMEOUT,
      },
      this.#calls,
    );
    this.#upstreams.set(url.origin, upstream);
    return upstream;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
    this.#upstreams.clear();
  }
}
