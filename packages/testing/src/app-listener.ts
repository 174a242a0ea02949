import type { RequestListener } from 'node:http';
import { createRequestListener } from '@remix-run/node-fetch-server';
import httpProxy from 'http-proxy';

/** A handler of the fetch kind: Hono, Workers, Deno, Bun, Next.js. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * An app to test: an Express app or another request listener, a Koa app, a handler of the fetch kind or an object that has
 * one as `fetch`, or a server elsewhere. What takes two arguments or more is a request listener, what takes one or none is of
 * the fetch kind; `{ listener }` and `{ fetch }` leave no doubt.
 */
export type TestedApp =
  | RequestListener
  | FetchHandler
  | { callback(): RequestListener }
  | { readonly fetch: FetchHandler }
  | { readonly listener: RequestListener }
  | {
      /** `http://host:port` of a server that listens. */
      readonly target: string;
      /** False: it speaks WebSocket itself. @default true */
      readonly overHttp?: boolean;
    };

/** Gives any app the one shape: a request listener. @throws TypeError where it is none. */
export function listenerOf(app: TestedApp): RequestListener {
  if (typeof app === 'function') {
    return app.length >= 2 ? (app as RequestListener) : fetchListener(app as FetchHandler);
  }
  if (typeof app === 'object' && app !== null) {
    if ('callback' in app && typeof app.callback === 'function') return app.callback();
    if ('listener' in app && typeof app.listener === 'function') return app.listener;
    if ('fetch' in app && typeof app.fetch === 'function')
      return fetchListener((request) => app.fetch(request));
    if ('target' in app && typeof app.target === 'string') return remoteListener(app.target);
  }
  throw new TypeError(
    'createGripTest() takes an Express or Koa app, a request listener, a fetch handler, or { target }',
  );
}

function fetchListener(handler: FetchHandler): RequestListener {
  return createRequestListener(handler) as RequestListener;
}

/** To a server elsewhere, unchanged. */
function remoteListener(target: string): RequestListener {
  const proxy = httpProxy.createProxyServer({ target, xfwd: false });
  // As behind a proxy of its own: the connection breaks.
  proxy.on('error', (_error, req) => req.socket.destroy());
  return (req, res) => {
    // http-proxy leaves its request open when the client goes away.
    proxy.web(req, res);
  };
}
