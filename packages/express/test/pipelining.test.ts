import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { subscribed } from '../../../test/support/apps/watch.js';
import { settle } from '../../../test/support/eventually.js';

const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const LAST = get('/last', 'Connection: close\r\n');

describe('many requests on one connection to an Express app', () => {
  const stage = useStage();

  it('reach it four at a time, each in its own async context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const grip = stage().grip(gripProxy());
    const app = express();
    let seen = 0;
    app.use((req, _res, next) => storage.run(req.url, next));
    app.use(grip);
    app.get('/poll', (_req, res) => {
      seen++;
      res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('');
    });
    app.get('/*path', (_req, res) => void res.send(`<${storage.getStore()}>`));
    const site = await stage().serve(app);
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
    const paths: string[] = [];
    const origin = await stage().serve((req, res) => {
      paths.push(req.url ?? '');
      res.writeHead(200, { 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).end();
    });
    const grip = stage().grip(gripProxy({ routes: [{ pathPrefix: '/poll', target: origin.url }] }));
    const app = express().use(grip);
    app.use((req, res) => void res.send(`<${req.url}>`));
    const site = await stage().serve(app);
    const replies = site.raw(get('/poll').repeat(5) + get('/one') + LAST);
    await subscribed(grip, 'news', 4);
    await settle();
    assert.equal(paths.length, 4);
    await grip.publish('news', { 'http-response': 'pushed' });
    await subscribed(grip, 'news', 1);
    await grip.publish('news', { 'http-response': 'pushed' });
    const text = await replies;
    assert.equal(text.match(/pushed/g)?.length, 5);
    assert.match(text, /<\/one>.*<\/last>/s);
  });
});
