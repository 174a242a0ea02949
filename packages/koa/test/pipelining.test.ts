import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { subscribed } from '../../../test/support/apps/watch.js';
import { settle } from '../../../test/support/eventually.js';

const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const LAST = get('/last', 'Connection: close\r\n');

describe('many requests on one connection to a Koa app', () => {
  const stage = useStage();

  it('reach it four at a time, each in its own async context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const grip = stage().grip(gripProxy());
    const app = new Koa();
    let seen = 0;
    app.use((ctx, next) => storage.run(ctx.path, next));
    app.use(grip);
    app.use((ctx) => {
      if (ctx.path === '/poll') {
        seen++;
        ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' });
        ctx.body = '';
      } else {
        ctx.body = `<${storage.getStore()}>`;
      }
    });
    const site = await stage().serve(app.callback());
    const replies = site.raw(get('/poll').repeat(6) + get('/one') + get('/two') + LAST);
    await subscribed(grip, 'news', 4);
    await settle();
    assert.equal(seen, 4);
    await grip.publish('news', { 'http-response': 'pushed' });
    await subscribed(grip, 'news', 2);
    await grip.publish('news', { 'http-response': 'pushed' });
    const text = await replies;
    assert.equal(text.match(/pushed/g)?.length, 6);
    assert.match(text, /<\/one>.*<\/two>.*<\/last>/s);
  });

  it('ask a target four at a time, and go on to the app where no route takes them', async () => {
    let asked = 0;
    const origin = await stage().serve((_req, res) => {
      asked++;
      res.writeHead(200, { 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).end();
    });
    const grip = stage().grip(gripProxy({ routes: [{ pathPrefix: '/poll', target: origin.url }] }));
    const app = new Koa();
    app.use(grip);
    app.use((ctx) => {
      ctx.body = `<${ctx.path}>`;
    });
    const site = await stage().serve(app.callback());
    const replies = site.raw(get('/poll').repeat(5) + get('/one') + LAST);
    await subscribed(grip, 'news', 4);
    await settle();
    assert.equal(asked, 4);
    await grip.publish('news', { 'http-response': 'pushed' });
    await subscribed(grip, 'news', 1);
    await grip.publish('news', { 'http-response': 'pushed' });
    const text = await replies;
    assert.equal(text.match(/pushed/g)?.length, 5);
    assert.match(text, /<\/one>.*<\/last>/s);
  });
});
