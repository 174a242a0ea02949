import { GripProxy, type ItemSink } from '@p-8/core';
import { ownOrAll } from './current-test.js';
import { sumReceipts } from './item-route.js';

/** How deep routers are nested, at most. */
const MAX_DEPTH = 8;

/** The tests that stand before a proxy, and where their items go. */
const fronts = new WeakMap<GripProxy, Map<object, ItemSink>>();

/** The proxies that are part of an app. For the time of a test they leave clients to its own, and items. */
export class ProxiesBehind {
  readonly #test: object;
  readonly #sink: ItemSink;
  readonly #proxies = new Set<GripProxy>();

  constructor(test: object, sink: ItemSink) {
    this.#test = test;
    this.#sink = sink;
  }

  /** Whether all of them read instructs from content, as far as they are known. */
  get jsonInstructs(): boolean {
    return [...this.#proxies].every(({ jsonInstructs }) => jsonInstructs);
  }

  /** Adds those that are mounted as middleware, as far as Express's and Koa's lists of middleware tell. */
  addMountedIn(app: unknown): void {
    this.#look(app, 0);
  }

  add(proxy: GripProxy): void {
    if (this.#proxies.has(proxy)) return;
    this.#proxies.add(proxy);
    const tests = fronts.get(proxy) ?? new Map<object, ItemSink>();
    fronts.set(proxy, tests);
    tests.set(this.#test, this.#sink);
    proxy.standBehind({
      publish: (item) => sumReceipts(ownOrAll(tests).map((sink) => sink.publish(item))),
    });
  }

  /** Lets them go; those that no other test stands before are on their own again. */
  release(): void {
    for (const proxy of this.#proxies) {
      const tests = fronts.get(proxy);
      tests?.delete(this.#test);
      if (tests?.size === 0) proxy.standBehind(undefined);
    }
    this.#proxies.clear();
  }

  #look(value: unknown, depth: number): void {
    if (value instanceof GripProxy) this.add(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || depth > MAX_DEPTH)
      return;
    // Express: an app has a router, that has a stack of layers, a layer a handle or a route. Koa: an app has middleware, a router of its a stack.
    const parts = value as Readonly<Record<string, unknown>>;
    // Express 4 throws where 5 has its router.
    const router = '_router' in parts ? parts._router : parts.router;
    const { proxy, route, handle, stack, middleware } = parts;
    for (const inner of [proxy, router, route, handle, ...list(stack), ...list(middleware)])
      if (inner !== value) this.#look(inner, depth + 1);
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
