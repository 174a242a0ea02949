import type { ClientRequest } from '../http/client-request.js';
import type { Route } from '../routing/build-routes.js';
import { WebSocketSession } from '../sessions/web-socket-session.js';
import { SockJsEndpoint } from '../sockjs/sockjs-endpoint.js';
import type { ProxyContext } from './mount.js';

interface Entry {
  readonly endpoint: SockJsEndpoint;
  /** Where new sessions go; changes with the routes. */
  route: Route;
}

/** The SockJS endpoints of routes. They outlive a change of routes, or the sessions of those that stay would be lost. */
export class SockJsEndpoints {
  readonly #context: ProxyContext;
  #entries = new Map<string, Entry>();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** Makes endpoints for new routes, keeps those of the ones that stay, and forgets the others. */
  use(routes: readonly Route[]): void {
    const entries = new Map<string, Entry>();
    for (const route of routes) {
      if (route.sockjs === undefined) continue;
      const key = keyOf(route);
      const entry = this.#entries.get(key) ?? this.#create(route);
      entry.route = route;
      entries.set(key, entry);
    }
    this.#entries = entries;
  }

  /** The endpoint that a request of this route is for, if it is for one. */
  find(route: Route, { path }: ClientRequest): SockJsEndpoint | undefined {
    if (route.sockjs === undefined) return undefined;
    const endpoint = this.#entries.get(keyOf(route))?.endpoint;
    return endpoint?.takes(path) ? endpoint : undefined;
  }

  close(): void {
    for (const { endpoint } of this.#entries.values()) endpoint.close();
  }

  #create(route: Route): Entry {
    const { services, settings } = this.#context;
    const { prefix = '', asPath } = route.sockjs ?? {};
    const endpoint = new SockJsEndpoint(
      { prefix, asPath, clientUrl: settings.sockjsUrl, origins: route.origins },
      (client, request) => {
        const { origin } = entry.route;
        new WebSocketSession(services, { client, request, origin, trusted: false }).open();
      },
      services,
    );
    const entry: Entry = { endpoint, route };
    return entry;
  }
}

function keyOf({ id, host, protocol, ssl, pathPrefix, sockjs, origins }: Route): string {
  return JSON.stringify([id, host, protocol, ssl, pathPrefix, sockjs, origins]);
}
