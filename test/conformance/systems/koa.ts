import { Readable } from 'node:stream';
import { gripProxy } from '@p-8/koa';
import Koa, { type Context } from 'koa';
import { type Exchange, headersOf, type Origin } from '../origin.js';
import { inProcessSystem, remoteSystem } from './p8-systems.js';
import type { System } from './system.js';

/** P-8 as middleware of a Koa app that is the origin, and that answers the way Koa apps do. */
export const koa: System = inProcessSystem('koa', (options, origin) => {
  const grip = gripProxy(options);
  const app = silentApp();
  app.use(grip);
  app.use(async (ctx) => answer(ctx, await origin.take(ctx.req, ctx.originalUrl), origin));
  return { proxy: grip.proxy, listener: app.callback() };
});

/** P-8 as middleware of a Koa app in front of an origin elsewhere. */
export const koaRemote: System = remoteSystem('koa-remote', (options) => {
  const grip = gripProxy(options);
  const app = silentApp();
  app.use(grip);
  app.use((ctx) => {
    ctx.body = 'from the app';
    ctx.status = 404;
    ctx.set('Content-Type', 'text/plain');
  });
  return { proxy: grip.proxy, listener: app.callback() };
});

/** Clients that hang up in the middle of a response are part of the scenarios. */
function silentApp(): Koa {
  const app = new Koa();
  app.silent = true;
  return app;
}

function answer(ctx: Context, exchange: Exchange, origin: Origin): void {
  const { request, answer } = exchange;
  origin.watch(request, ctx.res);
  ctx.res.sendDate = false;
  const body = answer.body ?? '';
  if (!Array.isArray(body)) ctx.body = typeof body === 'string' ? Buffer.from(body) : body;
  else ctx.body = Readable.from(bytesOf(ctx, exchange, origin));
  // Koa makes fields for the body; the script says which there are
  ctx.remove('Content-Type');
  ctx.remove('Content-Length');
  ctx.status = answer.status ?? 200;
  if (answer.reason !== undefined) ctx.message = answer.reason;
  for (const [name, value] of headersOf(answer)) ctx.append(name, value);
}

async function* bytesOf(ctx: Context, { answer }: Exchange, origin: Origin): AsyncGenerator<Uint8Array> {
  yield* origin.bytesOf(answer);
  if (answer.cut === true) ctx.res.destroy();
}
