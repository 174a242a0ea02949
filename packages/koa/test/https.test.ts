import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { certificate } from '../../../test/support/apps/certificate.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

describe('a Koa app that is served over HTTPS', () => {
  const stage = useStage();

  it('holds a stream, and pushes to it', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
      ctx.body = 'open ';
    });
    const stream = await (await stage().serve(app.callback(), certificate())).get('/');
    await stream.until((text) => text === 'open ');
    await grip.publish('news', { 'http-stream': 'item' });
    await stream.until((text) => text === 'open item');
    await grip.publish('news', { 'http-stream': { action: 'close' } });
    await stream.whole();
    await idle(grip);
  });

  it('sees a secure request when it is asked again, and may set secure cookies', async () => {
    const grip = stage().grip(gripProxy());
    const seen: unknown[] = [];
    const app = new Koa().use(grip).use((ctx) => {
      seen.push([ctx.secure, ctx.protocol, ctx.ip]);
      ctx.cookies.set('a', '1', { secure: true });
      if (seen.length === 1) ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' });
      ctx.body = 'text';
    });
    const poll = (await stage().serve(app.callback(), certificate())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    const reply = await poll;
    assert.equal(await reply.whole(), 'text');
    assert.deepEqual(reply.headers['set-cookie'], ['a=1; path=/; secure; httponly']);
    assert.deepEqual(seen, [
      [true, 'https', '127.0.0.1'],
      [true, 'https', '127.0.0.1'],
    ]);
  });

  it('sees a secure request for a next link, also for an absolute one', async () => {
    const grip = stage().grip(gripProxy());
    const app = new Koa().use(grip).use((ctx) => {
      if (ctx.path === '/first') ctx.set('Grip-Link', `<${ctx.origin}/second>; rel=next`);
      ctx.body = ctx.path === '/first' ? 'first ' : `${ctx.protocol} ${ctx.secure}`;
    });
    const site = await stage().serve(app.callback(), certificate());
    assert.equal(await (await site.get('/first')).whole(), 'first https true');
    await idle(grip);
  });
});
