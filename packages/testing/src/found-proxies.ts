import { GripProxy } from '@p-8/core';

/** How deep routers are nested, at most. */
const MAX_DEPTH = 8;

/** The proxies that are mounted in an app as middleware, as far as Express's and Koa's lists of middleware tell. */
export function foundProxies(app: unknown): Set<GripProxy> {
  const found = new Set<GripProxy>();
  look(app, found, 0);
  return found;
}

function look(value: unknown, found: Set<GripProxy>, depth: number): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || depth > MAX_DEPTH)
    return;
  const { proxy, router, stack, middleware, handle } = value as Readonly<Record<string, unknown>>;
  if (proxy instanceof GripProxy) found.add(proxy);
  // Express: an app has a router, that has a stack of layers, and a layer a handle. Koa: an app has middleware, a router of its a stack.
  for (const inner of [router, handle, ...list(stack), ...list(middleware)]) look(inner, found, depth + 1);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
