import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type Express, type Response } from 'express';
import session, { MemoryStore } from 'express-session';
import type { Reply } from '../../../test/support/apps/reply.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

declare module 'express-session' {
  interface SessionData {
    views: number;
  }
}

const hold = (res: Response, mode: 'stream' | 'response') =>
  res.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news' }).type('text');

const orders: Record<string, (grip: GripMiddleware, sessions: express.RequestHandler) => Express> = {
  before: (grip, sessions) => express().use(sessions, grip),
  after: (grip, sessions) => express().use(grip, sessions),
};

for (const [order, build] of Object.entries(orders)) {
  describe(`an Express app with express-session ${order} the proxy`, () => {
    const stage = useStage();

    async function start() {
      const store = new MemoryStore();
      const saved = (): number[] =>
        Object.values((store as unknown as { sessions: Record<string, string> }).sessions).map(
          (json) => JSON.parse(json).views,
        );
      const sessions = session({ secret: 'x', resave: false, saveUninitialized: false, store });
      const grip = stage().grip(gripProxy());
      const app = build(grip, sessions);
      app.use((req, _res, next) => {
        req.session.views = (req.session.views ?? 0) + 1;
        next();
      });
      app.get('/plain', (req, res) => void res.send(String(req.session.views)));
      app.get('/stream', (req, res) => void hold(res, 'stream').send(String(req.session.views)));
      app.get('/poll', (req, res) => {
        if (req.get('grip-last') !== undefined || req.session.views === 9)
          res.send(String(req.session.views));
        else hold(res, 'response').send('nothing');
      });
      return { grip, saved, site: await stage().serve(app) };
    }

    const cookieOf = (reply: Reply): string => {
      const cookies = reply.headers['set-cookie'] ?? [];
      assert.equal(cookies.length, 1);
      return String(cookies[0]?.split(';')[0]);
    };

    it('sends the cookie with a plain response, and finds the session again', async () => {
      const { site } = await start();
      const first = await site.get('/plain');
      const Cookie = cookieOf(first);
      assert.equal(await first.whole(), '1');
      const second = await site.get('/plain', { headers: { Cookie } });
      assert.equal(await second.whole(), '2');
      assert.equal(second.headers['set-cookie'], undefined);
    });

    it("sends the cookie with a stream's head, and has the session saved while the stream is held", async () => {
      const { grip, saved, site } = await start();
      const stream = await site.get('/stream');
      const Cookie = cookieOf(stream);
      assert.equal(await stream.until((text) => text.length === 1), '1');
      await eventually(() => saved().length === 1, 'a saved session');
      assert.deepEqual(saved(), [1]);
      const plain = await site.get('/plain', { headers: { Cookie } });
      assert.equal(await plain.whole(), '2');
      await grip.publish('news', { 'http-stream': '!' });
      await stream.until((text) => text === '1!');
      // What came later is not undone when the stream ends.
      await grip.publish('news', { 'http-stream': { action: 'close' } });
      await stream.whole();
      await idle(grip);
      assert.equal(await (await site.get('/plain', { headers: { Cookie } })).whole(), '3');
    });

    it('has the session saved when the client leaves its stream', async () => {
      const { grip, saved, site } = await start();
      const stream = await site.get('/stream');
      await stream.until((text) => text.length === 1);
      stream.leave();
      await idle(grip);
      await eventually(() => saved().length === 1, 'a saved session');
    });

    it('sends the cookie with the answer to a long-poll', async () => {
      const { grip, saved, site } = await start();
      const poll = site.get('/poll');
      await subscribed(grip, 'news');
      await eventually(() => saved().length === 1, 'a saved session');
      await grip.publish('news', { 'http-response': 'hello' });
      const reply = await poll;
      const Cookie = cookieOf(reply);
      assert.equal(await reply.whole(), 'hello');
      assert.equal(await (await site.get('/plain', { headers: { Cookie } })).whole(), '2');
    });

    it('tells the app of a session that cannot be saved, and holds all the same', async () => {
      const store = new MemoryStore();
      store.set = (_sid, _session, callback) => callback?.(new Error('disk full'));
      const grip = stage().grip(gripProxy());
      const app = build(grip, session({ secret: 'x', resave: false, saveUninitialized: false, store }));
      const errors: Error[] = [];
      app.get('/', (req, res) => {
        req.session.views = 1;
        hold(res, 'stream').send('open ');
      });
      const onError: express.ErrorRequestHandler = (error, _req, _res, _next) => void errors.push(error);
      app.use(onError);
      const stream = await (await stage().serve(app)).get('/');
      await stream.until((text) => text === 'open ');
      await eventually(() => errors.length > 0, 'an error');
      assert.equal(errors[0]?.message, 'disk full');
      await grip.publish('news', { 'http-stream': 'item' });
      await stream.until((text) => text === 'open item');
    });

    it('finds the session in a retried request', async () => {
      const { grip, site } = await start();
      const Cookie = cookieOf(await site.get('/plain'));
      for (let views = 2; views < 8; views++)
        await (await site.get('/plain', { headers: { Cookie } })).whole();
      const poll = site.get('/poll', { headers: { Cookie } });
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      // The seventh was the last plain one, the poll the eighth, its retry the ninth.
      assert.equal(await (await poll).whole(), '9');
      await idle(grip);
      assert.equal(await (await site.get('/plain', { headers: { Cookie } })).whole(), '10');
    });
  });

  describe(`an Express app that sets cookies ${order} the proxy`, () => {
    const stage = useStage();

    it('has each of them sent with the head of a hold', async () => {
      const grip = stage().grip(gripProxy());
      const app = build(grip, (_req, res, next) => {
        res.cookie('a', '1');
        next();
      });
      app.get(
        '/stream',
        (_req, res) => void hold(res.cookie('b', '2', { httpOnly: true }), 'stream').send('open'),
      );
      app.get('/poll', (_req, res) => void hold(res.cookie('b', '2'), 'response').send('nothing'));
      const site = await stage().serve(app);
      const stream = await site.get('/stream');
      assert.deepEqual(stream.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/; HttpOnly']);
      const poll = site.get('/poll');
      await subscribed(grip, 'news', 2);
      await grip.publish('news', { 'http-response': 'hello' });
      assert.deepEqual((await poll).headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
    });
  });
}
