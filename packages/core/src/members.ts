import type { GripProxy } from './grip-proxy.js';
import type { Hub } from './hub/hub.js';

/** What an adapter's middleware has besides being one: the members of its proxy. */
export interface GripMembers {
  /** The proxy itself. */
  readonly proxy: GripProxy;
  readonly hub: Hub;
  readonly publish: GripProxy['publish'];
  readonly attach: GripProxy['attach'];
  readonly upgrade: GripProxy['upgrade'];
  readonly setRoutes: GripProxy['setRoutes'];
  readonly holds: GripProxy['holds'];
  readonly backlog: GripProxy['backlog'];
  readonly limits: GripProxy['limits'];
  readonly historyStats: GripProxy['historyStats'];
  readonly drain: GripProxy['drain'];
  readonly isReady: GripProxy['isReady'];
  readonly stats: GripProxy['stats'];
  readonly close: GripProxy['close'];
  readonly on: GripProxy['on'];
  readonly once: GripProxy['once'];
  readonly off: GripProxy['off'];
}

/** Binds the members of a proxy, for an adapter to put on its middleware. */
export function gripMembers(proxy: GripProxy): GripMembers {
  return {
    proxy,
    hub: proxy.hub,
    publish: proxy.publish.bind(proxy),
    attach: proxy.attach.bind(proxy),
    upgrade: proxy.upgrade.bind(proxy),
    setRoutes: proxy.setRoutes.bind(proxy),
    holds: proxy.holds.bind(proxy),
    backlog: proxy.backlog.bind(proxy),
    limits: proxy.limits.bind(proxy),
    historyStats: proxy.historyStats.bind(proxy),
    drain: proxy.drain.bind(proxy),
    isReady: proxy.isReady.bind(proxy),
    stats: proxy.stats.bind(proxy),
    close: proxy.close.bind(proxy),
    on: proxy.on.bind(proxy),
    once: proxy.once.bind(proxy),
    off: proxy.off.bind(proxy),
  };
}
