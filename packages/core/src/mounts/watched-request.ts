import type { IncomingMessage } from 'node:http';
import type { GripProxy } from '../grip-proxy.js';

const kWatcher = Symbol('p-8 watcher');
type WatchedRequest = IncomingMessage & { [kWatcher]?: (proxy: GripProxy) => void };

/**
 * Has `hear` told of each proxy that is given `req`: for tests, which stand before an app and cannot always see what is
 * mounted in it.
 */
export function watchProxies(req: IncomingMessage, hear: (proxy: GripProxy) => void): void {
  (req as WatchedRequest)[kWatcher] = hear;
}

/** Tells whoever watches the request that `proxy` has been given it. */
export function tellWatcher(req: IncomingMessage, proxy: GripProxy): void {
  (req as WatchedRequest)[kWatcher]?.(proxy);
}
