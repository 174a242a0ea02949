import type { IncomingMessage } from 'node:http';
import type { GripProxy } from '../grip-proxy.js';

/** Not kept on the requests: a look at one that Express has had in hand is slow. */
const watchers = new WeakMap<IncomingMessage, (proxy: GripProxy) => void>();

/**
 * Has `hear` told of each proxy that is given `req`: for tests, which stand before an app and cannot always see what is
 * mounted in it.
 */
export function watchProxies(req: IncomingMessage, hear: (proxy: GripProxy) => void): void {
  watchers.set(req, hear);
}

/** Tells whoever watches the request that `proxy` has been given it. */
export function tellWatcher(req: IncomingMessage, proxy: GripProxy): void {
  watchers.get(req)?.(proxy);
}
