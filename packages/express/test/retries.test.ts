import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type Express, type Request, type Response } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

describe('a long-poll in an Express app, whose app is asked again', () => {
  const stage = useStage();

  /** An app that holds the first request for `/`, and answers the ones that follow by `again`. */
  function polling(again: (req: Request, res: Response, count: number) => void): [GripMiddleware, Express] {
    const grip = stage().grip(gripProxy());
    const app = express().set('env', 'test').use(grip);
    let count = 0;
    app.all('/', (req, res) => {
      if (count++ > 0) again(req, res, count);
      else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news; prev-id=1' }).send('nothing');
    });
    return [grip, app];
  }

  it('by a hint, tells it the last id', async () => {
    const [grip, app] = polling((req, res) => void res.send(`last: ${req.get('grip-last')}`));
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
    const reply = await poll;
    assert.equal(await reply.whole(), 'last: news; last-id=1');
    assert.equal(reply.status, 200);
    await idle(grip);
  });

  it('by an item that does not follow on what the client has, tells it the last id', async () => {
    const [grip, app] = polling((req, res) => void res.send(`last: ${req.get('grip-last')}`));
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': 'lost' }, { id: '3', 'prev-id': '2' });
    assert.equal(await (await poll).whole(), 'last: news; last-id=1');
  });

  it('by an item that came before the hold, is answered at once', async () => {
    const [grip, app] = polling((req, res) => void res.send(`last: ${req.get('grip-last')}`));
    const site = await stage().serve(app);
    await grip.publish('news', { 'http-response': 'early' }, { id: '2', 'prev-id': '1' });
    assert.equal(await (await site.get('/')).whole(), 'last: news; last-id=1');
  });

  it('sees the same request', async () => {
    const [grip, app] = polling((req, res) => {
      const { method, originalUrl, query, ip, protocol, secure, hostname, headers } = req;
      res.json({ method, originalUrl, query, ip, protocol, secure, hostname, headers });
    });
    const site = await stage().serve(app);
    const headers = { Cookie: 'a=1; b=2', 'X-Own': 'kept', 'Accept-Language': 'de', 'Grip-Last': 'forged' };
    const poll = site.get('/?q=a%20b', { headers });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    const seen = JSON.parse(await (await poll).whole());
    assert.equal(seen.method, 'GET');
    assert.equal(seen.originalUrl, '/?q=a%20b');
    assert.deepEqual(seen.query, { q: 'a b' });
    assert.equal(seen.ip, '127.0.0.1');
    assert.equal(seen.protocol, 'http');
    assert.equal(seen.secure, false);
    assert.equal(seen.hostname, '127.0.0.1');
    assert.equal(seen.headers.cookie, 'a=1; b=2');
    assert.equal(seen.headers['x-own'], 'kept');
    assert.equal(seen.headers['accept-language'], 'de');
    assert.equal(seen.headers['grip-last'], 'news; last-id=1');
    assert.match(seen.headers['grip-sig'], /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.equal(seen.headers.host, `127.0.0.1:${site.port}`);
    assert.equal(seen.headers['p-8-follow-up'], undefined);
  });

  it('sees whom a trusted proxy says to have asked', async () => {
    const [grip, app] = polling((req, res) => void res.json([req.ip, req.protocol, req.secure]));
    app.set('trust proxy', true);
    const site = await stage().serve(app);
    const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' };
    const poll = site.get('/', { headers });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.deepEqual(JSON.parse(await (await poll).whole()), ['192.0.2.1', 'https', true]);
  });

  it('sees the address of a client that claims to be a follow-up', async () => {
    const [grip, app] = polling((req, res) => void res.json([req.ip, req.get('p-8-follow-up')]));
    const site = await stage().serve(app);
    const poll = site.get('/', { headers: { 'P-8-Follow-Up': '7' } });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal(JSON.parse(await (await poll).whole())[0], '127.0.0.1');
  });

  it('may be held again, and again', async () => {
    let asked = 1;
    const [grip, app] = polling((req, res, count) => {
      asked = count;
      if (count > 3) res.send(`last: ${req.get('grip-last')}`);
      else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': `news; prev-id=${count}` }).send('nothing');
    });
    const site = await stage().serve(app);
    const poll = site.get('/');
    for (let round = 1; round <= 3; round++) {
      await eventually(() => asked === round && grip.hub.subscriberCount('news') === 1, 'a hold');
      await grip.publish('news', { 'http-response': { action: 'hint' } }, { 'no-seq': true });
    }
    assert.equal(await (await poll).whole(), 'last: news; last-id=3');
    await idle(grip);
  });

  it('may become a stream', async () => {
    const [grip, app] = polling((_req, res) => {
      res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'stream' }).send('open ');
    });
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    await subscribed(grip, 'stream');
    await grip.publish('stream', { 'http-stream': 'item' });
    const stream = await poll;
    await stream.until((text) => text === 'open item');
    assert.deepEqual(stream.gripFields, []);
  });

  it('has an error of the app passed on', async () => {
    const [grip, app] = polling(() => {
      throw Object.assign(new Error('not today'), { status: 418, stack: 'not today' });
    });
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    const reply = await poll;
    assert.equal(reply.status, 418);
    assert.match(await reply.whole(), /not today/);
  });

  it('is answered 502 when the app drops the connection', async () => {
    const [grip, app] = polling((_req, res) => void res.destroy());
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal((await poll).status, 502);
    await idle(grip);
  });

  it('is cut when the app drops the connection halfway', async () => {
    const [grip, app] = polling((_req, res) => {
      res.write('half', () => res.destroy());
    });
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    await (await poll).cut();
    await idle(grip);
  });

  it('has status, fields, cookies, trailers and early hints of the new answer passed on', async () => {
    const [grip, app] = polling((_req, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.cookie('a', '1').cookie('b', '2').status(201).set({ Trailer: 'X-Sum', 'X-Own': 'kept' });
      res.write('body');
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    });
    const site = await stage().serve(app);
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    const reply = await poll;
    assert.equal(reply.status, 201);
    assert.equal(await reply.whole(), 'body');
    assert.deepEqual(reply.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
    assert.equal(reply.headers['x-own'], 'kept');
    assert.equal(reply.headers['x-powered-by'], 'Express');
    assert.deepEqual({ ...reply.trailers }, { 'x-sum': '1' });
  });

  for (const status of [204, 304]) {
    it(`is answered ${status} without a body`, async () => {
      const [grip, app] = polling((_req, res) => void res.status(status).end());
      const site = await stage().serve(app);
      const poll = site.get('/');
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      const reply = await poll;
      assert.equal(reply.status, status);
      assert.equal(await reply.whole(), '');
    });
  }
});
