import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import { GripError, type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type RequestHandler, type Response } from 'express';
import supertest from 'supertest';
import { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const hold = (res: Response, mode: 'stream' | 'response') =>
  res.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news' }).type('text');

/** A stream that goes on with a next link, which is asked at once: `first`, then `second` with what the app sees of the request. */
const chain = (): express.Router => {
  const router = express.Router();
  router.get(
    '/first',
    (_req, res) => void res.set('Grip-Link', '<second?a=1>; rel=next').type('text').send('first '),
  );
  router.get('/second', (req, res) => {
    hold(res, 'stream').set('Grip-Link', '<second>; rel=next');
    res.send(`second at ${req.originalUrl}, ${req.baseUrl}, ${req.url} `);
  });
  return router;
};

describe('the proxy in an Express app', () => {
  const stage = useStage();

  async function follows(app: http.RequestListener, path: string, grip: GripMiddleware, expected: string) {
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

  it('serves routers below a path', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip).use('/a/b', chain());
    await follows(app, '/a/b/first', grip, 'first second at /a/b/second?a=1, /a/b, /second?a=1 ');
  });

  it('serves what is below a path when it is mounted there', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use('/a', grip, chain());
    await follows(app, '/a/first', grip, 'first second at /a/second?a=1, /a, /second?a=1 ');
  });

  it('serves a sub-app that it is mounted in', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use('/sub', express().use(grip, chain()));
    await follows(app, '/sub/first', grip, 'first second at /sub/second?a=1, /sub, /second?a=1 ');
  });

  it('serves one route that it is a handler of', async () => {
    const grip = stage().grip(gripProxy());
    const app = express();
    app.get('/stream', grip, (_req, res) => void hold(res, 'stream').send('open'));
    app.get('/plain', (_req, res) => void hold(res, 'stream').send('not held'));
    const site = await stage().serve(app);
    await (await site.get('/stream')).until((text) => text === 'open');
    assert.equal(await (await site.get('/plain')).whole(), 'not held');
  });

  it('serves an app whose requests are rewritten', async () => {
    const grip = stage().grip(gripProxy());
    const rewrite: RequestHandler = (req, _res, next) => {
      req.url = req.url.replace('/v1', '');
      next();
    };
    const app = express().use(rewrite, grip, chain());
    await follows(app, '/v1/first', grip, 'first second at /v1/second?a=1, , /second?a=1 ');
  });

  it('wraps the app', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use('/a', chain());
    await follows(grip.wrap(app), '/a/first', grip, 'first second at /a/second?a=1, /a, /second?a=1 ');
  });

  it('wraps an app that it is mounted in as well', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip, chain());
    await follows(grip.wrap(app), '/first', grip, 'first second at /second?a=1, , /second?a=1 ');
  });

  it('serves an app of several servers, each with its own follow-ups', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    app.get('/first', (_req, res) => void res.set('Grip-Link', '</second>; rel=next').send('first '));
    app.get('/second', (req, res) => void hold(res, 'stream').send(`of ${req.get('x-server')} `));
    const server = (name: string) => (req: http.IncomingMessage, res: http.ServerResponse) => {
      req.headers['x-server'] = name;
      app(req, res);
    };
    for (const name of ['one', 'two']) {
      const site = await stage().serve(server(name));
      await (await site.get('/first')).until((text) => text === `first of ${name} `);
    }
    await subscribed(grip, 'news', 2);
    assert.equal((await grip.publish('news', { 'http-stream': 'x' })).delivered, 2);
  });

  it('asks the server that it is attached to', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    app.get('/first', (_req, res) => void res.set('Grip-Link', '</second>; rel=next').send('first '));
    app.get('/second', (req, res) => void res.send(`of ${req.get('x-server') ?? 'nobody'}`));
    const attached = http.createServer((req, res) => {
      req.headers['x-server'] = 'the attached one';
      app(req, res);
    });
    grip.attach(attached);
    const site = await stage().serve(app);
    assert.equal(await (await site.get('/first')).whole(), 'first of the attached one');
  });

  it('says what is missing where no server is known', async () => {
    const messages: string[] = [];
    const note = (fields: object) => messages.push(JSON.stringify(fields));
    const logger = { error: note, warn: note, info: note, debug: note };
    const grip = stage().grip(gripProxy({ logger }));
    const app = express().use(grip);
    let asked = 0;
    app.get('/', (_req, res) => {
      asked++;
      hold(res, 'response').send('nothing');
    });
    // A server of its own making: the connection does not tell whose it is.
    const site = await stage().serve((req, res) => {
      Object.assign(req.socket, { server: undefined });
      app(req, res);
    });
    const poll = site.get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal((await poll).status, 502);
    assert.ok(messages.some((message) => message.includes('attach(server)')));
    assert.equal(asked, 1);
  });

  it('lets a test ask an app by supertest', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    let polls = 0;
    app.get('/plain', (_req, res) => void res.json({ a: 1 }));
    app.get('/poll', (_req, res) => void hold(res, 'response').send('nothing'));
    app.get(
      '/retried',
      (_req, res) => void (polls++ > 0 ? res.send('second') : hold(res, 'response').send('')),
    );
    await supertest(app).get('/plain').expect(200, { a: 1 });
    const poll = supertest(app).get('/poll').expect(200, 'hello').then();
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': 'hello' });
    await poll;
    const retried = supertest(app).get('/retried').expect(200, 'second').then();
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    await retried;
    await idle(grip);
  });

  it('serves app.listen, and a server that gets the app later', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip, chain());
    const server = http.createServer();
    server.on('request', app);
    const site = await Site.of(server);
    const stream = await site.get('/first');
    await stream.until((text) => text.includes('second at /second?a=1'));
    await site.close();
  });

  it('holds for each of two proxies in one app what is its own', async () => {
    const one = stage().grip(gripProxy());
    const two = stage().grip(gripProxy());
    const app = express();
    app.use('/one', one, (_req, res) => void hold(res, 'stream').send('one '));
    app.use('/two', two, (_req, res) => void hold(res, 'stream').send('two '));
    const site = await stage().serve(app);
    const [first, second] = [await site.get('/one'), await site.get('/two')];
    await subscribed(one, 'news');
    await subscribed(two, 'news');
    await one.publish('news', { 'http-stream': 'for one' });
    await two.publish('news', { 'http-stream': 'for two' });
    await first.until((text) => text === 'one for one');
    await second.until((text) => text === 'two for two');
  });

  it('asks the app again outside of the context in which something is published', async () => {
    const users = new AsyncLocalStorage<string>();
    const grip = stage().grip(gripProxy());
    const app = express();
    app.use('/as', (_req, _res, next) => users.run('publisher', next));
    app.use(grip, express.text());
    const seen: unknown[] = [];
    app.post('/poll', (_req, res) => {
      if (seen.push(users.getStore()) > 1) res.send('again');
      else hold(res, 'response').send('nothing');
    });
    app.get(
      '/first',
      (_req, res) => void hold(res.set('Grip-Link', '</second>; rel=next'), 'stream').send('first '),
    );
    app.get('/second', (_req, res) => {
      seen.push(users.getStore());
      res.send('second');
    });
    app.get('/as/publish', async (_req, res) => {
      const hint = { action: 'hint' } as const;
      res.json(await grip.publish('news', { 'http-response': hint, 'http-stream': hint }));
    });
    const site = await stage().serve(app);
    const [poll, stream] = [
      site.post('/poll', 'body', { 'Content-Type': 'text/plain' }),
      await site.get('/first'),
    ];
    await subscribed(grip, 'news', 2);
    assert.equal(JSON.parse(await (await site.get('/as/publish')).whole()).delivered, 2);
    assert.equal(await (await poll).whole(), 'again');
    assert.equal(await stream.whole(), 'first second');
    assert.deepEqual(seen, [undefined, undefined, undefined]);
  });

  it('refuses options that it does not know', () => {
    assert.throws(
      () => gripProxy({ tarquet: 'http://localhost' } as never),
      (error) =>
        error instanceof GripError && error.code === 'GRIP_ERR_OPTION' && /tarquet/.test(error.message),
    );
  });
});
