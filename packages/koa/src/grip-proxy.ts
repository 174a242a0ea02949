import type { RequestListener } from 'node:http';
import {
  type ControlApiOptions,
  type ControlHandler,
  type GripMembers,
  GripProxy,
  type GripProxyOptions,
  gripMembers,
  type Next,
  type ParsedBody,
} from '@p-8/core';
import type Koa from 'koa';
import { addContextGrip, finishWebSocket } from './request-grip.js';

/** Koa middleware that is a GRIP proxy, and its members. */
export interface GripMiddleware extends Koa.Middleware, GripMembers {
  /** The control API for other processes, below `path`, which is `/grip` unless given: `app.use(grip.controlApi({ key }))`. */
  controlApi(options?: ControlApiOptions): Koa.Middleware;
  /** Puts the proxy in front of the app in place of `app.use`: `http.createServer(grip.wrap(app))`. */
  wrap(app: Koa | RequestListener): RequestListener;
}

/** Koa has no paths of its own to mount at, so the control API brings one. */
const DEFAULT_CONTROL_PATH = '/grip';

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
  const middleware: Koa.Middleware = (ctx, next) => {
    const request = ctx.request as ParsedRequest;
    noteOriginalUrl(ctx);
    addContextGrip(ctx.app);
    return answer(ctx, next, (pass) => proxy.handle(ctx.req, ctx.res, pass, request));
  };
  return Object.assign(middleware, gripMembers(proxy), {
    controlApi: (controlOptions: ControlApiOptions = {}): Koa.Middleware => {
      const { path = DEFAULT_CONTROL_PATH } = controlOptions;
      const handler = proxy.controlApi({ ...controlOptions, path });
      let mounted: ControlHandler | undefined;
      return (ctx, next) => {
        let handle = handler;
        // koa-mount has taken the path away already.
        if ('mountPath' in ctx) {
          mounted ??= proxy.controlApi({ ...controlOptions, path: '' });
          handle = mounted;
        }
        return answer(ctx, next, (pass) => handle(ctx.req, ctx.res, pass, ctx.request as ParsedRequest));
      };
    },
    wrap: (app: Koa | RequestListener): RequestListener =>
      proxy.wrap(typeof app === 'function' ? app : callbackOf(app)),
  });
}

/** The app's listener, with what the middleware does for handlers. */
function callbackOf(app: Koa): RequestListener {
  addContextGrip(app);
  app.middleware.unshift((ctx, next) => next().then(() => finishWebSocket(ctx)));
  return app.callback();
}

/** What rewrites a request, koa-mount for one, leaves what the client asked for to Koa only; the proxy looks where Express notes it. */
function noteOriginalUrl({ req, originalUrl }: Koa.Context): void {
  if (req.url !== originalUrl) Object.assign(req, { originalUrl });
}

/** Lets a handler answer in Koa's place, unless it passes the request on. */
function answer(ctx: Koa.Context, next: Koa.Next, handle: (pass: Next) => void): Promise<unknown> {
  let passed: Promise<unknown> | undefined;
  let wait: Wait | undefined;
  handle((error) => {
    wait?.end();
    passed = error === undefined ? next().then(() => finishWebSocket(ctx)) : Promise.reject(error);
    wait?.resolve(passed);
  });
  // Most are passed on at once.
  if (passed !== undefined) return passed;
  wait = waitForAnswer(ctx);
  return wait.promise;
}

/** Somebody else answers, until it ends. */
interface Wait {
  /** Resolves when the response has closed. */
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  /** Leaves the answer to Koa again. */
  end(): void;
}

function waitForAnswer(ctx: Koa.Context): Wait {
  const { respond, res } = ctx;
  let resolve: Wait['resolve'] = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  ctx.respond = false;
  res.on('close', resolve);
  const end = (): void => {
    res.off('close', resolve);
    if (respond === undefined) delete ctx.respond;
    else ctx.respond = respond;
  };
  return { promise, resolve, end };
}
