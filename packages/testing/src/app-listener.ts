import type { RequestListener } from 'node:http';
import { createRequestListener } from '@remix-run/node-fetch-server';
import { remoteListener } from './remote-listener.js';

/** A handler of the fetch kind: Hono, Workers, Deno, Bun, Next.js. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * An app to test: an Express app or another request listener, a Koa app, a handler of the fetch kind or an object that has
 * one as `fetch`, or a server elsewhere. What takes two arguments or more is a request listener, what takes one or none is of
 * the fetch kind; `{ listener }` and `{ fetch }` leave no doubt. TypeScript wants to be told of what kind the one argument of a
 * bare handler is: `(request: Request) => …`.
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

/**
 * Gives any app the one shape: a request listener.
 * @param note hears of what goes wrong there
 * @throws TypeError where it is none.
 */
export function listenerOf(app: TestedApp, note: (text: string) => void): RequestListener {
  if (typeof app === 'function') {
    return app.length >= 2 ? (app as RequestListener) : fetchListener(app as FetchHandler, note);
  }
  if (typeof app === 'object' && app !== null) {
    if ('callback' in app && typeof app.callback === 'function') return app.callback();
    if ('listener' in app && typeof app.listener === 'function') return app.listener;
    if ('fetch' in app && typeof app.fetch === 'function')
      return fetchListener((request) => app.fetch(request), note);
    if ('target' in app && isOrigin(app.target)) return remoteListener(app.target, note);
  }
  throw new TypeError(
    "createGripTest() takes an Express or Koa app, a request listener, a fetch handler, or { target: 'http://host:port' }",
  );
}

function isOrigin(target: unknown): target is string {
  return typeof target === 'string' && /^https?:\/\//.test(target) && URL.canParse(target);
}

function fetchListener(handler: FetchHandler, note: (text: string) => void): RequestListener {
  // How many arguments it names says nothing: it gets the request.
  const respond = async (request: Request): Promise<Response> => {
    const response: unknown = await handler(request);
    if (isResponse(response)) return response;
    throw new TypeError(`the fetch handler gave ${String(response)} in place of a Response`);
  };
  const report = (error: unknown): Response => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    note(text);
    return new Response(`${text}\n`, { status: 500 });
  };
  return createRequestListener(respond, { onError: report }) as RequestListener;
}

/** Other libraries have a class of their own for it. */
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value;
}
