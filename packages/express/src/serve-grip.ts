import type { Application } from 'express';

/** What there is of a router's layer, in Express 4 and 5. */
interface Layer {
  readonly handle?: unknown;
  readonly route?: unknown;
}

const known = new WeakMap<Application, boolean>();

/**
 * Whether `@fanoutio/serve-grip` is mounted somewhere in an app. It does nothing for a request that has a `grip` already,
 * and its handlers want what it makes of requests and responses: so it goes first.
 */
export function usesServeGrip(app: Application): boolean {
  const answer = known.get(app) ?? hasServeGrip(routerOf(app), new Set());
  known.set(app, answer);
  return answer;
}

/** Express 4 throws where 5 has its router. */
function routerOf(app: Application): unknown {
  return memberOf(app, '_router' in app ? '_router' : 'router');
}

/** Looks through a router, or a route, and the routers in it. */
function hasServeGrip(router: unknown, seen: Set<unknown>): boolean {
  const stack = memberOf(router, 'stack');
  if (!Array.isArray(stack) || seen.has(router)) return false;
  seen.add(router);
  return stack.some(
    ({ handle, route }: Layer) =>
      isServeGrip(handle) || hasServeGrip(handle, seen) || hasServeGrip(route, seen),
  );
}

function isServeGrip(handle: unknown): boolean {
  return (
    typeof memberOf(handle, 'getPublisher') === 'function' && typeof memberOf(handle, 'run') === 'function'
  );
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isObject ? (value as Record<string, unknown>)[name] : undefined;
}
