import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

describe('a long-poll in a Koa app, whose app is asked again', () => {
  const stage = useStage();

  /** An app that holds its first request, and answers the ones that follow by `again`. */
  function polling(again: Koa.Middleware, options: { proxy?: boolean } = {}): [GripMiddleware, Koa] {
    const grip = stage().grip(gripProxy());
    const app = new Koa(options).use(grip);
    app.silent = true;
    let count = 0;
    app.use((ctx, next) => {
      if (count++ > 0) return again(ctx, next);
      ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news; prev-id=1' });
      ctx.body = 'nothing';
    });
    return [grip, app];
  }

  const last: Koa.Middleware = (ctx) => {
    ctx.body = `last: ${ctx.get('grip-last')}`;
  };

  it('by a hint, tells it the last id', async () => {
    const [grip, app] = polling(last);
    const poll = (await stage().serve(app.callback())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    assert.equal(await (await poll).whole(), 'last: news; last-id=1');
    await idle(grip);
  });

  it('by an item that does not follow on what the client has, tells it the last id', async () => {
    const [grip, app] = polling(last);
    const poll = (await stage().serve(app.callback())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': 'lost' }, { id: '3', 'prev-id': '2' });
    assert.equal(await (await poll).whole(), 'last: news; last-id=1');
  });

  it('by an item that came before the hold, is answered at once', async () => {
    const [grip, app] = polling(last);
    const site = await stage().serve(app.callback());
    await grip.publish('news', { 'http-response': 'early' }, { id: '2', 'prev-id': '1' });
    assert.equal(await (await site.get('/')).whole(), 'last: news; last-id=1');
  });

  it('sees the same request', async () => {
    const [grip, app] = polling((ctx) => {
      const { method, originalUrl, query, ip, protocol, secure, host, headers } = ctx;
      ctx.body = { method, originalUrl, query, ip, protocol, secure, host, headers, a: ctx.cookies.get('a') };
    });
    const site = await stage().serve(app.callback());
    const headers = { Cookie: 'a=1; b=2', 'X-Own': 'kept', 'Grip-Last': 'forged' };
    const poll = site.get('/?q=a%20b', { headers });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    const seen = JSON.parse(await (await poll).whole());
    assert.equal(seen.method, 'GET');
    assert.equal(seen.originalUrl, '/?q=a%20b');
    assert.deepEqual(seen.query, { q: 'a b' });
    assert.equal(seen.ip, '127.0.0.1');
    assert.equal(seen.protocol, 'http');
    assert.equal(seen.secure, false);
    assert.equal(seen.host, `127.0.0.1:${site.port}`);
    assert.equal(seen.a, '1');
    assert.equal(seen.headers['x-own'], 'kept');
    assert.equal(seen.headers['grip-last'], 'news; last-id=1');
    assert.match(seen.headers['grip-sig'], /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('sees whom a trusted proxy says to have asked', async () => {
    const [grip, app] = polling(
      (ctx) => {
        ctx.body = [ctx.ip, ctx.protocol, ctx.secure];
      },
      { proxy: true },
    );
    const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' };
    const poll = (await stage().serve(app.callback())).get('/', { headers });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    assert.deepEqual(JSON.parse(await (await poll).whole()), ['192.0.2.1', 'https', true]);
  });

  it('may become a stream', async () => {
    const [grip, app] = polling((ctx) => {
      ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'stream' });
      ctx.body = 'open ';
    });
    const poll = (await stage().serve(app.callback())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    await subscribed(grip, 'stream');
    await grip.publish('stream', { 'http-stream': 'item' });
    await (await poll).until((text) => text === 'open item');
  });

  const endings: Record<string, [Koa.Middleware, number, string]> = {
    'an error': [(ctx) => ctx.throw(418, 'teapot'), 418, 'teapot'],
    'nothing at all': [() => {}, 404, 'Not Found'],
    'no content': [
      (ctx) => {
        ctx.status = 204;
      },
      204,
      '',
    ],
    JSON: [
      (ctx) => {
        ctx.status = 201;
        ctx.body = { a: 1 };
      },
      201,
      '{"a":1}',
    ],
    'a dropped connection': [
      (ctx) => {
        ctx.respond = false;
        ctx.res.destroy();
      },
      502,
      'Error while proxying to origin.\nthe app gave no response: closed\n',
    ],
  };
  for (const [ending, [again, status, body]] of Object.entries(endings)) {
    it(`and answers with ${ending}, has that passed on`, async () => {
      const [grip, app] = polling(again);
      const poll = (await stage().serve(app.callback())).get('/');
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
      const reply = await poll;
      assert.equal(reply.status, status);
      assert.equal(await reply.whole(), body);
      await idle(grip);
    });
  }
});
