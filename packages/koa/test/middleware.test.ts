import assert from 'node:assert/strict';
import { promisify } from 'node:util';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import helmet from 'helmet';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

const secured: Koa.Middleware = async (ctx, next) => {
  await promisify(helmet())(ctx.req, ctx.res);
  await next();
};

/** Koa keeps cookies and fields of its own; nothing of it may get lost, nor come twice. */
const orders: Record<string, (grip: GripMiddleware, middleware: Koa.Middleware) => Koa> = {
  before: (grip, middleware) => new Koa({ keys: ['x'] }).use(middleware).use(grip),
  after: (grip, middleware) => new Koa({ keys: ['x'] }).use(grip).use(middleware),
};

const hold = (ctx: Koa.Context, mode: 'stream' | 'response', channel = 'news') => {
  ctx.set({ 'Grip-Hold': mode, 'Grip-Channel': channel });
  ctx.body = 'open';
};

for (const [order, build] of Object.entries(orders)) {
  describe(`a Koa app with middleware ${order} the proxy`, () => {
    const stage = useStage();

    it("has helmet's fields sent once with each kind of response", async () => {
      const grip = stage().grip(gripProxy());
      let polls = 0;
      const app = build(grip, secured).use((ctx) => {
        if (ctx.path === '/plain' || (ctx.path === '/retried' && polls++ > 0)) ctx.body = 'plain';
        else hold(ctx, ctx.path === '/stream' ? 'stream' : 'response', ctx.path.slice(1));
      });
      const site = await stage().serve(app.callback());
      const expected = (await site.get('/plain')).rawHeaders.filter((name) =>
        /^(content-security|cross-|x-|referrer|strict)/i.test(name),
      );
      assert.ok(expected.length > 8);
      const [stream, poll, retried] = [await site.get('/stream'), site.get('/poll'), site.get('/retried')];
      await subscribed(grip, 'poll');
      await subscribed(grip, 'retried');
      await grip.publish('poll', { 'http-response': 'hello' });
      await grip.publish('retried', { 'http-response': { action: 'hint' } });
      for (const reply of [stream, await poll, await retried]) {
        const names = reply.rawHeaders.filter((name) => expected.includes(name));
        assert.deepEqual(names.sort(), [...expected].sort());
      }
    });

    it('has signed cookies sent with the head of a hold', async () => {
      const grip = stage().grip(gripProxy());
      const visits: Koa.Middleware = async (ctx, next) => {
        const count = Number(ctx.cookies.get('visits', { signed: true }) ?? 0) + 1;
        await next();
        ctx.cookies.set('visits', String(count), { signed: true });
      };
      const app = build(grip, visits).use((ctx) => hold(ctx, ctx.path === '/poll' ? 'response' : 'stream'));
      const site = await stage().serve(app.callback());
      const names = (cookies: string[] = []) =>
        cookies.map((cookie) => cookie.split(/[=;]/).slice(0, 2).join('='));
      const stream = await site.get('/');
      const cookies = stream.headers['set-cookie'] ?? [];
      assert.equal(names(cookies)[0], 'visits=1');
      assert.match(String(names(cookies)[1]), /^visits\.sig=/);
      const Cookie = cookies.map((cookie) => cookie.split(';')[0]).join('; ');
      const poll = site.get('/poll', { headers: { Cookie } });
      await subscribed(grip, 'news', 2);
      await grip.publish('news', { 'http-response': 'hello' });
      assert.equal(names((await poll).headers['set-cookie'])[0], 'visits=2');
    });
  });
}

describe('a Koa app that logs its responses when they are finished', () => {
  const stage = useStage();

  it('is told once, when the client has its response or has gone', async () => {
    const log: string[] = [];
    const grip = stage().grip(gripProxy());
    const note =
      (place: string): Koa.Middleware =>
      async (ctx, next) => {
        ctx.res.on('finish', () => log.push(`${place}: ${ctx.path} ${ctx.res.statusCode} finished`));
        ctx.res.on('close', () => log.push(`${place}: ${ctx.path} closed`));
        await next();
      };
    const app = new Koa().use(note('before')).use(grip).use(note('after'));
    app.use((ctx) => hold(ctx, ctx.path === '/poll' ? 'response' : 'stream'));
    const site = await stage().serve(app.callback());
    const expect = async (...lines: string[]) => {
      await eventually(() => log.length >= lines.length, 'the log');
      assert.deepEqual(log.splice(0), lines);
    };
    const poll = site.get('/poll');
    await subscribed(grip, 'news');
    assert.deepEqual(log, []);
    await grip.publish('news', { 'http-response': { code: 404, body: 'gone' } });
    await (await poll).whole();
    await expect(
      'before: /poll 404 finished',
      'after: /poll 404 finished',
      'before: /poll closed',
      'after: /poll closed',
    );
    const stream = await site.get('/stream');
    await stream.until((text) => text === 'open');
    stream.leave();
    await expect('before: /stream closed', 'after: /stream closed');
    await idle(grip);
  });
});
