import type { RequestListener } from 'node:http';
import type { GripProxy } from '@p-8/core';

/**
 * Answers `GET /ready` for whoever balances load: 200 while clients are held, 503 from the moment that the server drains.
 * Asks for no key, since it tells nothing else. `listener` gets the other requests.
 */
export function withReadiness(proxy: GripProxy, listener: RequestListener): RequestListener {
  return (req, res) => {
    if (req.url !== '/ready' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      listener(req, res);
      return;
    }
    res.writeHead(proxy.isReady() ? 200 : 503, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
    res.end(proxy.isReady() ? 'Ready\n' : 'Draining\n');
  };
}
