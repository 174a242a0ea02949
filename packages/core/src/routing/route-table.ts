/** What a route matches on. */
export interface RouteCondition {
  readonly id: string;
  /** `'*'`: any; empty: none, the route is reachable by id only. */
  readonly host: string;
  readonly protocol: 'http' | 'ws' | undefined;
  readonly ssl: boolean | undefined;
  readonly pathPrefix: string;
}

/** What of a request decides about its route. */
export interface RouteQuery {
  readonly host: string;
  readonly protocol: 'http' | 'ws';
  readonly ssl: boolean;
  /** Percent-encoded, with or without query. */
  readonly path: string;
}

/** Finds the most specific route: by host first, then protocol, then path, then TLS, wherever they stand. */
export class RouteTable<R extends RouteCondition> {
  readonly #byHost = new Map<string, R[]>();
  readonly #byId = new Map<string, R | null>();

  constructor(routes: readonly R[]) {
    for (const route of routes) {
      const list = this.#byHost.get(route.host) ?? [];
      list.push(route);
      this.#byHost.set(route.host, list);
      // An id that two routes share selects neither.
      if (route.id !== '') this.#byId.set(route.id, this.#byId.has(route.id) ? null : route);
    }
  }

  /** The route that `Pushpin-Route` names, if it serves the path. */
  byId(id: string, path: string): R | undefined {
    const route = this.#byId.get(id);
    return route?.host !== undefined && path.startsWith(route.pathPrefix) ? route : undefined;
  }

  find(query: RouteQuery): R | undefined {
    // A host with routes of its own never falls back to those of any host.
    const routes = this.#byHost.get(query.host) ?? this.#byHost.get('*') ?? [];
    let best: R | undefined;
    for (const route of routes) {
      if (matches(route, query) && (best === undefined || isBetter(route, best))) best = route;
    }
    return best;
  }
}

function matches(route: RouteCondition, query: RouteQuery): boolean {
  return (
    (route.protocol === undefined || route.protocol === query.protocol) &&
    (route.ssl === undefined || route.ssl === query.ssl) &&
    query.path.startsWith(route.pathPrefix)
  );
}

function isBetter(route: RouteCondition, best: RouteCondition): boolean {
  if ((route.protocol === undefined) !== (best.protocol === undefined)) return route.protocol !== undefined;
  if (route.pathPrefix.length !== best.pathPrefix.length)
    return route.pathPrefix.length > best.pathPrefix.length;
  return route.ssl !== undefined && best.ssl === undefined;
}
