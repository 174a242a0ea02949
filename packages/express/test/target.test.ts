import assert from 'node:assert/strict';
import http from 'node:http';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

describe('gripProxy({ target }) in an Express app', () => {
  const stage = useStage();
  let origin: Site;

  const hold = (res: Response, mode: 'stream' | 'response') =>
    res.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news' }).type('text');

  beforeEach(async () => {
    const app = express();
    let polls = 0;
    app.get('/stream', (_req, res) => void hold(res, 'stream').send('open '));
    app.get('/poll', (_req, res) => void hold(res, 'response').send('nothing'));
    app.all('/retried', express.text(), (req, res) => {
      if (polls++ > 0) res.send(`${req.method} ${req.body}`);
      else hold(res, 'response').send('nothing');
    });
    app.get(
      '/cookies',
      (_req, res) => void res.cookie('a', '1').cookie('b', '2').status(201).send('cookies'),
    );
    app.get('/chain', (_req, res) => void res.set('Grip-Link', '<stream>; rel=next').send('first '));
    app.use(
      (req, res) => void res.json({ url: req.originalUrl, host: req.get('host'), headers: req.headers }),
    );
    origin = await stage().serve(app);
  });

  const proxy = (): GripMiddleware => stage().grip(gripProxy({ target: origin.url }));

  it('relays what the origin answers', async () => {
    const site = await stage().serve(express().use(proxy()));
    const reply = await site.get('/cookies');
    assert.equal(reply.status, 201);
    assert.deepEqual(reply.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
    assert.equal(await reply.whole(), 'cookies');
  });

  it('asks with the whole path, also where it is mounted below one', async () => {
    const site = await stage().serve(express().use('/api', proxy()));
    const reply = JSON.parse(await (await site.get('/api/thing?q=1')).whole());
    assert.equal(reply.url, '/api/thing?q=1');
    assert.equal(reply.host, `127.0.0.1:${site.port}`);
    assert.ok(reply.headers['grip-sig']);
  });

  it('holds, pushes, follows links and asks again', async () => {
    const grip = proxy();
    const site = await stage().serve(express().use(grip));
    const streams = [await site.get('/stream'), await site.get('/chain')];
    const poll = site.get('/poll');
    await subscribed(grip, 'news', 3);
    await grip.publish('news', { 'http-stream': 'item', 'http-response': 'item' });
    assert.equal(await (await poll).whole(), 'item');
    for (const stream of streams) await stream.until((text) => text.endsWith('open item'));
    const retried = site.post('/retried', 'body', { 'Content-Type': 'text/plain' });
    await subscribed(grip, 'news', 3);
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal(await (await retried).whole(), 'POST body');
    for (const stream of streams) stream.leave();
    await idle(grip);
  });

  for (const [order, use] of Object.entries({
    before: (app: express.Express, grip: RequestHandler) =>
      app.use(helmet(), compression({ threshold: 0 }), grip),
    alone: (app: express.Express, grip: RequestHandler) => app.use(helmet.hidePoweredBy(), grip),
  })) {
    it(`keeps the fields of middleware, and the cookies of the origin, with middleware ${order}`, async () => {
      const grip = proxy();
      const mark: RequestHandler = (_req, res, next) => {
        res.set('X-Outer', '1');
        next();
      };
      const app = express();
      if (order === 'before') app.use(mark);
      const site = await stage().serve(use(app, grip));
      const headers = { 'Accept-Encoding': 'gzip' };
      const reply = await site.get('/cookies', { headers });
      assert.deepEqual(reply.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
      assert.equal(reply.headers['x-outer'], order === 'before' ? '1' : undefined);
      assert.equal(reply.headers['content-encoding'], order === 'before' ? 'gzip' : undefined);
      assert.equal(await reply.whole(), 'cookies');
      const stream = await site.get('/stream', { headers });
      assert.equal(stream.headers['x-content-type-options'], order === 'before' ? 'nosniff' : undefined);
      await stream.until((text) => text === 'open ');
      await grip.publish('news', { 'http-stream': 'item' });
      await stream.until((text) => text === 'open item');
    });
  }

  it('leaves what no route takes to the app', async () => {
    const grip = stage().grip(gripProxy({ routes: [{ pathPrefix: '/api/', target: origin.url }] }));
    const app = express().use(grip);
    app.get('/own', (_req, res) => void res.send('own'));
    const site = await stage().serve(app);
    assert.equal(JSON.parse(await (await site.get('/api/x')).whole()).url, '/api/x');
    assert.equal(await (await site.get('/own')).whole(), 'own');
    assert.equal((await site.get('/neither')).status, 404);
    const wrapped = await stage().serve(grip.wrap((_req, res) => void res.end('wrapped')));
    assert.equal(await (await wrapped.get('/own')).whole(), 'wrapped');
    assert.equal(JSON.parse(await (await wrapped.get('/api/x')).whole()).url, '/api/x');
  });

  it('takes other routes while it runs', async () => {
    const grip = stage().grip(gripProxy({ routes: [] }));
    const site = await stage().serve(express().use(grip));
    assert.equal((await site.get('/x')).status, 404);
    grip.setRoutes([{ target: origin.url }]);
    assert.equal((await site.get('/x')).status, 200);
  });

  it('answers 502 when the origin is not there, and leaves the app alone', async () => {
    const grip = stage().grip(gripProxy({ routes: [{ pathPrefix: '/api', target: 'http://127.0.0.1:1' }] }));
    const app = express().use(grip);
    app.get('/own', (_req, res) => void res.send('own'));
    const site = await stage().serve(app);
    const reply = await site.get('/api');
    assert.equal(reply.status, 502);
    assert.match(await reply.whole(), /^Error while proxying to origin\.\n127\.0\.0\.1:1: refused/);
    assert.equal(await (await site.get('/own')).whole(), 'own');
  });

  it('refuses to be its own origin', async () => {
    const grips: GripMiddleware[] = [];
    const site = await stage().serve((req, res) =>
      grips[0]?.(req as Request, res as Response, () => res.end('next')),
    );
    grips.push(stage().grip(gripProxy({ target: site.url })));
    assert.equal((await site.get('/')).status, 508);
  });

  it('can stand beside a proxy for the app itself', async () => {
    const own = stage().grip(gripProxy());
    const remote = stage().grip(gripProxy({ routes: [{ pathPrefix: '/stream', target: origin.url }] }));
    const app = express().use(own, remote);
    app.get('/own', (_req, res) => void hold(res, 'stream').send('own '));
    const site = await stage().serve(app);
    const [first, second] = [await site.get('/own'), await site.get('/stream')];
    await subscribed(own, 'news');
    await subscribed(remote, 'news');
    await own.publish('news', { 'http-stream': 'from own' });
    await remote.publish('news', { 'http-stream': 'from remote' });
    await first.until((text) => text === 'own from own');
    await second.until((text) => text === 'open from remote');
  });

  it('reads a body that has not been parsed, of any size', async () => {
    const sizes = http.createServer((req, res) => {
      let size = 0;
      req.on('data', (chunk) => {
        size += chunk.length;
      });
      req.on('end', () => res.end(String(size)));
    });
    const target = await stage().serve((req, res) => void sizes.emit('request', req, res));
    const grip = stage().grip(gripProxy({ target: target.url }));
    const site = await stage().serve(express().use(grip));
    assert.equal(await (await site.post('/', 'x'.repeat(3_000_000))).whole(), '3000000');
  });

  it('sends a body that a parser before it has read', async () => {
    const grip = proxy();
    const site = await stage().serve(express().use(express.text(), grip));
    const retried = site.post('/retried', 'body', { 'Content-Type': 'text/plain' });
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal(await (await retried).whole(), 'POST body');
  });
});
