import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';

const fields = { 'Content-Type': 'text/plain', 'Grip-Hold': 'stream', 'Grip-Channel': 'news' };

/** Takes the response from Koa. */
const raw = (ctx: Koa.Context) => {
  ctx.respond = false;
  ctx.res.statusCode = 200;
  return ctx.res;
};

describe('a Koa app that answers with an instruct', () => {
  const stage = useStage();

  it('has each callback of write and end called once', async () => {
    const called: string[] = [];
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      const res = raw(ctx);
      ctx.set(fields);
      res.write('a', () => called.push('write'));
      res.end('b', () => called.push('end'));
    });
    const site = await stage().serve(app.callback());
    await (await site.get('/')).until((text) => text === 'ab');
    assert.deepEqual(called, ['write', 'end']);
  });

  it('sees that it has answered, as do the middlewares around it', async () => {
    const seen: unknown[] = [];
    const grip = stage().grip(gripProxy());
    const look = (ctx: Koa.Context) =>
      seen.push([ctx.headerSent, ctx.writable, ctx.res.headersSent, ctx.res.writableEnded]);
    const app = new Koa().use(grip).use(async (ctx, next) => {
      look(ctx);
      await next();
      look(ctx);
    });
    app.use((ctx) => {
      const res = raw(ctx);
      ctx.set(fields);
      look(ctx);
      res.write('a');
      look(ctx);
      res.end();
    });
    const site = await stage().serve(app.callback());
    await (await site.get('/')).until((text) => text === 'a');
    assert.deepEqual(seen, [
      [false, true, false, false],
      [false, true, false, false],
      [true, true, true, false],
      [true, false, true, true],
    ]);
  });

  it('has Koa not answer for it once more', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      ctx.res.writeHead(200, fields).end('open');
      ctx.body = 'not this';
    });
    const site = await stage().serve(app.callback());
    const stream = await site.get('/');
    await stream.until((text) => text === 'open');
    await grip.publish('news', { 'http-stream': '!' });
    await stream.until((text) => text === 'open!');
  });

  it('goes on with what comes after next() in the middlewares around it', async () => {
    const order: string[] = [];
    const grip = stage().grip(gripProxy());
    const app = new Koa();
    app.use(async (_ctx, next) => {
      await next();
      order.push('outer');
    });
    app.use(grip).use(async (ctx, next) => {
      await next();
      order.push('inner');
      ctx.set('X-Late', 'set after next');
    });
    app.use((ctx) => {
      ctx.set(fields);
      ctx.body = 'open';
    });
    const stream = await (await stage().serve(app.callback())).get('/');
    await stream.until((text) => text === 'open');
    assert.deepEqual(order, ['inner', 'outer']);
    assert.equal(stream.headers['x-late'], 'set after next');
  });
});
