import type { RequestListener } from 'node:http';
import {
  type ControlApiOptions,
  type GripMembers,
  GripProxy,
  type GripProxyOptions,
  gripMembers,
  type Next,
  type ParsedBody,
} from '@p-8/core';
import type Koa from 'koa';

/** Koa middleware that is a GRIP proxy, and its members. */
export interface GripMiddleware extends Koa.Middleware, GripMembers {
  /** The control API for other processes, below `path`: `app.use(grip.controlApi({ path: '/grip', key }))`. */
  controlApi(options?: ControlApiOptions): Koa.Middleware;
  /** Puts the proxy in front of the app in place of `app.use`: `http.createServer(grip.wrap(app))`. */
  wrap(app: Koa | RequestListener): RequestListener;
}

/** What a body parser that is mounted before leaves on Koa's request. */
type ParsedRequest = Koa.Request & ParsedBody;

/**
 * Makes a GRIP proxy for a Koa app. Without options the app itself is the origin: what answers with `Grip-Hold` and
 * `Grip-Channel` has its client held. With `target` or `routes` other servers are.
 * @throws GripError `GRIP_ERR_OPTION` when an option is unknown or wrong.
 *
 * @example
 * ```ts
 * const grip = gripProxy();
 * app.use(grip);
 * app.use((ctx) => {
 *   ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
 *   ctx.body = '[open]\n';
 * });
 * await grip.publish('news', { 'http-stream': 'hello\n' });
 * ```
 */
export function gripProxy(options: GripProxyOptions = {}): GripMiddleware {
  const proxy = new GripProxy(options);
  const isOrigin = options.target === undefined && options.routes === undefined;
  const middleware: Koa.Middleware = (ctx, next) => {
    if (!isOrigin) return answer(ctx, next, (pass) => proxy.handle(ctx.req, ctx.res, pass));
    return new Promise((resolve, reject) => {
      const app = (error?: unknown): void => {
        if (error === undefined) next().then(resolve, reject);
        else reject(error);
      };
      proxy.handle(ctx.req, ctx.res, app, ctx.request as ParsedRequest);
    });
  };
  return Object.assign(middleware, gripMembers(proxy), {
    controlApi: (controlOptions?: ControlApiOptions): Koa.Middleware => {
      const handler = proxy.controlApi(controlOptions);
      return (ctx, next) => answer(ctx, next, (pass) => handler(ctx.req, ctx.res, pass));
    },
    wrap: (app: Koa | RequestListener): RequestListener =>
      proxy.wrap(typeof app === 'function' ? app : app.callback()),
  });
}

/** Lets a handler answer in Koa's place, unless it passes the request on. */
function answer(ctx: Koa.Context, next: Koa.Next, handle: (pass: Next) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ctx.respond = false;
    ctx.res.once('close', resolve);
    handle((error) => {
      ctx.res.off('close', resolve);
      ctx.respond = true;
      if (error === undefined) next().then(resolve, reject);
      else reject(error);
    });
  });
}
