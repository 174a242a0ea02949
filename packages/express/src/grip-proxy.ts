import type { RequestListener } from 'node:http';
import {
  type ControlApiOptions,
  type GripMembers,
  GripProxy,
  type GripProxyOptions,
  gripMembers,
} from '@p-8/core';
import type { Application, RequestHandler } from 'express';
import { ParsedRequest } from './parsed-request.js';
import { addRequestGrip } from './request-grip.js';

/** Express middleware that is a GRIP proxy, and its members. */
export interface GripMiddleware extends RequestHandler, GripMembers {
  /** The control API for other processes, to mount below a path: `app.use('/grip', grip.controlApi({ key }))`. */
  controlApi(options?: ControlApiOptions): RequestHandler;
  /** Puts the proxy in front of the app in place of `app.use`, before Express's own cost: `http.createServer(grip.wrap(app))`. */
  wrap(app: RequestListener): RequestListener;
}

/**
 * Makes a GRIP proxy for an Express app. Without options the app itself is the origin: a handler that answers with
 * `Grip-Hold` and `Grip-Channel` has its client held. With `target` or `routes` other servers are.
 * @throws GripError `GRIP_ERR_OPTION` when an option is unknown or wrong.
 *
 * @example
 * ```ts
 * const grip = gripProxy();
 * app.use(grip);
 * app.get('/stream', (req, res) => res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('[open]\n'));
 * await grip.publish('news', { 'http-stream': 'hello\n' });
 * ```
 */
export function gripProxy(options: GripProxyOptions = {}): GripMiddleware {
  const proxy = new GripProxy(options);
  let prepared: object | null = null;
  const middleware: RequestHandler = (req, res, next) => {
    // What an app's requests have in common tells which app it is: a look at the request itself is slow.
    const prototype = Object.getPrototypeOf(req);
    if (prototype !== prepared) addRequestGrip(req.app);
    prepared = prototype;
    proxy.handle(req, res, next, new ParsedRequest(req, next));
  };
  return Object.assign(middleware, gripMembers(proxy), {
    controlApi: (controlOptions?: ControlApiOptions): RequestHandler => proxy.controlApi(controlOptions),
    wrap: (app: RequestListener): RequestListener => {
      if (isExpressApp(app)) addRequestGrip(app);
      return proxy.wrap(app);
    },
  });
}

function isExpressApp(app: RequestListener): app is RequestListener & Application {
  return 'request' in app && 'response' in app;
}
