import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import compress from 'koa-compress';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

describe('gripProxy({ target }) in a Koa app', () => {
  const stage = useStage();
  let origin: Site;

  beforeEach(async () => {
    let polls = 0;
    const app = new Koa().use(bodyParser({ enableTypes: ['text', 'json'] })).use((ctx) => {
      const hold = (mode: string) => ctx.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news' });
      if (ctx.path === '/stream') hold('stream');
      else if (ctx.path === '/poll') hold('response');
      else if (ctx.path === '/retried' && polls++ === 0) hold('response');
      else if (ctx.path === '/chain') ctx.set('Grip-Link', '<stream>; rel=next');
      ctx.cookies.set('a', '1');
      ctx.cookies.set('b', '2');
      ctx.set('X-Url', ctx.originalUrl);
      ctx.body = `${ctx.method} ${typeof ctx.request.body === 'string' ? ctx.request.body : ''}`;
    });
    origin = await stage().serve(app.callback());
  });

  const proxy = (): GripMiddleware => stage().grip(gripProxy({ target: origin.url }));

  it('relays what the origin answers, with the fields of middleware', async () => {
    const order: string[] = [];
    const app = new Koa().use(async (ctx, next) => {
      ctx.set('X-Outer', '1');
      await next();
      order.push(`after ${ctx.res.statusCode} ${ctx.headerSent}`);
    });
    app.use(proxy());
    const site = await stage().serve(app.callback());
    const reply = await site.get('/thing?q=1');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['x-url'], '/thing?q=1');
    assert.equal(reply.headers['x-outer'], '1');
    assert.deepEqual(reply.headers['set-cookie'], ['a=1; path=/; httponly', 'b=2; path=/; httponly']);
    assert.equal(await reply.whole(), 'GET ');
    assert.deepEqual(order, ['after 200 true']);
  });

  for (const name of ['alone', 'with koa-compress before']) {
    it(`holds, pushes, follows links and asks again, ${name}`, async () => {
      const grip = proxy();
      const app = new Koa();
      if (name !== 'alone') app.use(compress({ threshold: 0 }));
      const site = await stage().serve(app.use(grip).callback());
      const headers = { 'Accept-Encoding': 'gzip' };
      const streams = [await site.get('/stream', { headers }), await site.get('/chain', { headers })];
      const poll = site.get('/poll', { headers });
      await subscribed(grip, 'news', 3);
      await grip.publish('news', { 'http-stream': 'item', 'http-response': 'item' });
      assert.equal(await (await poll).whole(), 'item');
      for (const stream of streams) await stream.until((text) => text.endsWith('GET item'));
      const retried = site.post('/retried', 'body', { 'Content-Type': 'text/plain' });
      await subscribed(grip, 'news', 3);
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      assert.equal(await (await retried).whole(), 'POST body');
      for (const stream of streams) stream.leave();
      await idle(grip);
    });
  }

  it('asks with the whole path, also where it is mounted below one', async () => {
    const grip = proxy();
    const app = new Koa().use(async (ctx, next) => {
      ctx.path = ctx.path.replace('/api', '');
      await grip(ctx, next);
    });
    const site = await stage().serve(app.callback());
    assert.equal((await site.get('/api/thing')).headers['x-url'], '/api/thing');
  });

  it('leaves what no route takes to the app', async () => {
    const grip = stage().grip(gripProxy({ routes: [{ pathPrefix: '/api/', target: origin.url }] }));
    const app = new Koa().use(grip).use((ctx) => {
      if (ctx.path === '/own') ctx.body = { own: true };
      if (ctx.path === '/throws') ctx.throw(418);
    });
    app.silent = true;
    const site = await stage().serve(app.callback());
    assert.equal((await site.get('/api/x')).headers['x-url'], '/api/x');
    assert.equal(await (await site.get('/own')).whole(), '{"own":true}');
    assert.equal((await site.get('/neither')).status, 404);
    assert.equal((await site.get('/throws')).status, 418);
  });

  it('answers 502 when the origin is not there', async () => {
    const grip = stage().grip(gripProxy({ target: 'http://127.0.0.1:1' }));
    const site = await stage().serve(new Koa().use(grip).callback());
    const reply = await site.get('/');
    assert.equal(reply.status, 502);
    assert.match(await reply.whole(), /^Error while proxying to origin\.\n127\.0\.0\.1:1: refused/);
  });

  it('sends a body that a parser before it has read', async () => {
    const grip = proxy();
    const app = new Koa().use(bodyParser({ enableTypes: ['text'] })).use(grip);
    const site = await stage().serve(app.callback());
    const plain = await site.post('/', 'body', { 'Content-Type': 'text/plain' });
    assert.equal(await plain.whole(), 'POST body');
    const retried = site.post('/retried', 'body', { 'Content-Type': 'text/plain' });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal(await (await retried).whole(), 'POST body');
  });

  it('says so when a body before it has been read by something that leaves nothing of it', async () => {
    const grip = proxy();
    const app = new Koa().use(async (ctx, next) => {
      for await (const _ of ctx.req);
      await next();
    });
    const site = await stage().serve(app.use(grip).callback());
    const reply = await site.post('/', 'body');
    assert.equal(reply.status, 500);
    assert.match(await reply.whole(), /mount the proxy before/);
  });

  it('lets go of a client that leaves, and of its request', async () => {
    const grip = proxy();
    const app = new Koa().use(grip);
    app.silent = true;
    const site = await stage().serve(app.callback());
    const [stream, poll] = [await site.get('/stream'), site.call('/poll')];
    await subscribed(grip, 'news', 2);
    stream.leave();
    poll.leave();
    await idle(grip);
  });
});
