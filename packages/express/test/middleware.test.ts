import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Express, type RequestHandler, type Response } from 'express';
import session from 'express-session';
import helmet from 'helmet';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

const hold = (res: Response, mode: 'stream' | 'response', channel = 'news') =>
  res.set({ 'Grip-Hold': mode, 'Grip-Channel': channel }).type('text');

const orders: Record<string, (grip: GripMiddleware) => Express> = {
  before: (grip) => express().use(helmet(), grip),
  after: (grip) => express().use(grip, helmet()),
};

for (const [order, build] of Object.entries(orders)) {
  describe(`an Express app with helmet ${order} the proxy`, () => {
    const stage = useStage();

    it("sends helmet's fields once with each kind of response", async () => {
      const grip = stage().grip(gripProxy());
      const app = build(grip);
      let polls = 0;
      app.get('/plain', (_req, res) => void res.send('plain'));
      app.get('/stream', (_req, res) => void hold(res, 'stream').send('open'));
      app.get('/poll', (_req, res) => void hold(res, 'response').send('nothing'));
      app.get('/retried', (_req, res) => {
        if (polls++ > 0) res.send('second');
        else hold(res, 'response', 'retried').send('nothing');
      });
      const site = await stage().serve(app);

      const plain = await site.get('/plain');
      const expected = plain.rawHeaders.filter((name) =>
        /^(content-security|cross-|x-|referrer|strict)/i.test(name),
      );
      assert.ok(expected.length > 8);
      const stream = await site.get('/stream');
      const poll = site.get('/poll');
      await subscribed(grip, 'news', 2);
      await grip.publish('news', { 'http-response': 'hello' });
      const retried = site.get('/retried');
      await subscribed(grip, 'retried');
      await grip.publish('retried', { 'http-response': { action: 'hint' } });
      for (const reply of [stream, await poll, await retried]) {
        assert.equal(reply.status, 200);
        const names = reply.rawHeaders.filter((name) => expected.includes(name));
        assert.deepEqual(names.sort(), [...expected].sort());
      }
      assert.equal(await (await retried).whole(), 'second');
    });
  });
}

const usual = (): RequestHandler[] => [
  helmet(),
  compression({ threshold: 0 }),
  session({ secret: 'x', resave: false, saveUninitialized: true }),
  express.json(),
  express.urlencoded({ extended: true }),
];

const stacks: Record<string, (grip: GripMiddleware) => Express> = {
  'behind the usual middleware': (grip) => express().use(usual(), grip),
  'before the usual middleware': (grip) => express().use(grip, usual()),
  'in the middle of the usual middleware': (grip) =>
    express().use(usual().slice(0, 2), grip, usual().slice(2)),
};

for (const [place, build] of Object.entries(stacks)) {
  describe(`an Express app with the proxy ${place}`, () => {
    const stage = useStage();

    for (const encoding of ['gzip', 'br', 'identity']) {
      it(`holds, pushes, and asks again for a client that accepts ${encoding}`, async () => {
        const grip = stage().grip(gripProxy());
        const app = build(grip);
        let polls = 0;
        app.get('/stream', (_req, res) => void hold(res, 'stream').send('open '));
        app.post('/poll', (req, res) => {
          if (polls++ > 0) res.json(req.body);
          else hold(res, 'response').send('nothing');
        });
        const site = await stage().serve(app);
        const headers = { 'Accept-Encoding': encoding };
        const stream = await site.get('/stream', { headers });
        await stream.until((text) => text === 'open ');
        await grip.publish('news', { 'http-stream': 'item' });
        await stream.until((text) => text === 'open item');
        const body = JSON.stringify({ a: [1, 'é'] });
        const poll = site.post('/poll', body, { ...headers, 'Content-Type': 'application/json' });
        await subscribed(grip, 'news', 2);
        await grip.publish('news', { 'http-response': { action: 'hint' } });
        assert.equal(await (await poll).whole(), body);
        for (const reply of [stream, await poll]) {
          assert.deepEqual(reply.gripFields, []);
          assert.equal(reply.headers['x-content-type-options'], 'nosniff');
          assert.ok(reply.headers['set-cookie']?.[0]?.startsWith('connect.sid='));
        }
      });
    }
  });
}

describe('an Express app that logs its responses when they are finished', () => {
  const stage = useStage();

  it('is told once, when the client has its response or has gone', async () => {
    const log: string[] = [];
    const grip = stage().grip(gripProxy());
    const app = express();
    const note = (place: string) => (req: express.Request, res: Response, next: () => void) => {
      res.on('finish', () => log.push(`${place}: ${req.originalUrl} ${res.statusCode} finished`));
      res.on('close', () => log.push(`${place}: ${req.originalUrl} closed`));
      next();
    };
    app.use(note('before'), grip, note('after'));
    app.get('/plain', (_req, res) => void res.send('plain'));
    app.get('/poll', (_req, res) => void hold(res, 'response').send('nothing'));
    app.get('/stream', (_req, res) => void hold(res, 'stream').send('open'));
    const site = await stage().serve(app);
    const expect = async (...lines: string[]) => {
      await eventually(() => log.length >= lines.length, 'the log');
      assert.deepEqual(log.splice(0), lines);
    };

    await (await site.get('/plain')).whole();
    const whole = (path: string, status: number) => [
      `before: ${path} ${status} finished`,
      `after: ${path} ${status} finished`,
      `before: ${path} closed`,
      `after: ${path} closed`,
    ];
    await expect(...whole('/plain', 200));

    const poll = site.get('/poll');
    await subscribed(grip, 'news');
    assert.deepEqual(log, []);
    await grip.publish('news', { 'http-response': { code: 404, body: 'gone' } });
    await (await poll).whole();
    await expect(...whole('/poll', 404));

    const stream = await site.get('/stream');
    await stream.until((text) => text === 'open');
    stream.leave();
    await expect('before: /stream closed', 'after: /stream closed');
    await idle(grip);
  });
});
