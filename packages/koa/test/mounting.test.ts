import assert from 'node:assert/strict';
import http, { type RequestListener } from 'node:http';
import { GripError, type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import supertest from 'supertest';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const hold = (ctx: Koa.Context, mode: 'stream' | 'response', body: string) => {
  ctx.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news' });
  ctx.body = body;
};

/** A stream that goes on with a next link, which is asked at once: `first`, then `second` with what the app sees of the request. */
const chain: Koa.Middleware = async (ctx, next) => {
  if (ctx.path.endsWith('/first')) {
    ctx.set('Grip-Link', '<second?a=1>; rel=next');
    ctx.body = 'first ';
  } else if (ctx.path.endsWith('/second')) {
    hold(ctx, 'stream', `second at ${ctx.originalUrl}, ${ctx.url} `);
    ctx.set('Grip-Link', '<second>; rel=next');
  } else {
    await next();
  }
};

/** What koa-mount does: the middleware sees the path below `prefix`. */
function below(prefix: string, middleware: Koa.Middleware): Koa.Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith(`${prefix}/`)) return next();
    const whole = ctx.path;
    ctx.path = whole.slice(prefix.length);
    await middleware(ctx, async () => {
      ctx.path = whole;
      await next();
      ctx.path = whole.slice(prefix.length);
    });
    ctx.path = whole;
  };
}

const inTurn =
  (...[first, ...others]: Koa.Middleware[]): Koa.Middleware =>
  (ctx, next) =>
    first === undefined ? next() : first(ctx, () => inTurn(...others)(ctx, next) as Promise<unknown>);

describe('the proxy in a Koa app', () => {
  const stage = useStage();

  async function follows(app: RequestListener, path: string, grip: GripMiddleware, expected: string) {
    const site = await stage().serve(app);
    const stream = await site.get(path);
    await stream.until((text) => text === expected);
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-stream': 'item' });
    await stream.until((text) => text === `${expected}item`);
    await grip.publish('news', { 'http-stream': { action: 'close' } });
    await stream.whole();
    await idle(grip);
  }

  it('serves what is mounted below a path', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use(below('/a', chain));
    await follows(app.callback(), '/a/first', grip, 'first second at /a/second?a=1, /second?a=1 ');
  });

  it('serves what is below a path when it is mounted there', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(below('/a', inTurn(grip, chain)));
    await follows(app.callback(), '/a/first', grip, 'first second at /a/second?a=1, /second?a=1 ');
  });

  it('serves an app whose requests are rewritten', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(async (ctx, next) => {
      ctx.url = ctx.url.replace('/v1', '');
      await next();
    });
    app.use(grip).use(chain);
    await follows(app.callback(), '/v1/first', grip, 'first second at /v1/second?a=1, /second?a=1 ');
  });

  for (const name of ['the app', 'its callback']) {
    it(`wraps ${name}`, async () => {
      const grip = stage().grip(gripProxy());
      const app = new Koa().use(chain);
      const wrapped = grip.wrap(name === 'the app' ? app : app.callback());
      await follows(wrapped, '/a/first', grip, 'first second at /a/second?a=1, /a/second?a=1 ');
    });
  }

  it('wraps an app that it is mounted in as well', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use(chain);
    await follows(grip.wrap(app), '/first', grip, 'first second at /second?a=1, /second?a=1 ');
  });

  it('serves an app of several servers, each with its own follow-ups', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      if (ctx.path === '/first') {
        ctx.set('Grip-Link', '</second>; rel=next');
        ctx.body = 'first ';
      } else {
        hold(ctx, 'stream', `of ${ctx.get('x-server')} `);
      }
    });
    app.silent = true;
    const callback = app.callback();
    for (const name of ['one', 'two']) {
      const site = await stage().serve((req, res) => {
        req.headers['x-server'] = name;
        void callback(req, res);
      });
      await (await site.get('/first')).until((text) => text === `first of ${name} `);
    }
    await subscribed(grip, 'news', 2);
    assert.equal((await grip.publish('news', { 'http-stream': 'x' })).delivered, 2);
  });

  it('asks the server that it is attached to', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      if (ctx.path === '/first') ctx.set('Grip-Link', '</second>; rel=next');
      ctx.body = ctx.path === '/first' ? 'first ' : `of ${ctx.get('x-server')}`;
    });
    const callback = app.callback();
    grip.attach(
      http.createServer((req, res) => {
        req.headers['x-server'] = 'the attached one';
        void callback(req, res);
      }),
    );
    const site = await stage().serve(callback);
    assert.equal(await (await site.get('/first')).whole(), 'first of the attached one');
  });

  it('lets a test ask an app by supertest', async () => {
    const grip = stage().grip(gripProxy());
    let polls = 0;
    const app = new Koa().use(grip).use((ctx) => {
      if (ctx.path === '/plain' || polls++ > 0) ctx.body = { a: 1 };
      else hold(ctx, 'response', 'nothing');
    });
    const callback = app.callback();
    await supertest(callback).get('/plain').expect(200, { a: 1 });
    const retried = supertest(callback).get('/poll').expect(200, { a: 1 }).then();
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    await retried;
    await idle(grip);
  });

  it('serves app.listen', async () => {
    const grip = stage().grip(gripProxy());
    const server = new Koa().use(grip).use(chain).listen(0);
    await follows(
      (req, res) => void server.emit('request', req, res),
      '/first',
      grip,
      'first second at /second?a=1, /second?a=1 ',
    );
    server.close();
  });

  it('refuses options that it does not know', () => {
    assert.throws(
      () => gripProxy({ tarquet: 'http://localhost' } as never),
      (error) => error instanceof GripError && error.code === 'GRIP_ERR_OPTION',
    );
  });
});
