import assert from 'node:assert/strict';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type Express } from 'express';
import session from 'express-session';
import { certificate } from '../../../test/support/apps/certificate.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

describe('an Express app that is served over HTTPS', () => {
  const stage = useStage();

  function build(): [GripMiddleware, Express] {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    return [grip, app];
  }

  it('holds a stream, and pushes to it', async () => {
    const [grip, app] = build();
    app.get(
      '/',
      (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open '),
    );
    const site = await stage().serve(app, certificate());
    const stream = await site.get('/');
    await stream.until((text) => text === 'open ');
    await grip.publish('news', { 'http-stream': 'item' });
    await stream.until((text) => text === 'open item');
    await grip.publish('news', { 'http-stream': { action: 'close' } });
    assert.equal(await stream.whole(), 'open item');
    await idle(grip);
  });

  it('sees a secure request when it is asked again', async () => {
    const [grip, app] = build();
    const seen: unknown[] = [];
    app.get('/', (req, res) => {
      seen.push([req.secure, req.protocol, req.ip, 'encrypted' in req.socket && req.socket.encrypted]);
      if (seen.length > 1) res.send('again');
      else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('nothing');
    });
    const poll = (await stage().serve(app, certificate())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal(await (await poll).whole(), 'again');
    assert.deepEqual(seen, [
      [true, 'https', '127.0.0.1', true],
      [true, 'https', '127.0.0.1', true],
    ]);
  });

  it('sees a secure request for a next link, also for an absolute one', async () => {
    const [grip, app] = build();
    app.get('/first', (req, res) => {
      res.set('Grip-Link', `<${req.protocol}://${req.get('host')}/second>; rel=next`).send('first ');
    });
    app.get('/second', (req, res) => void res.send(`${req.protocol} ${req.secure}`));
    const site = await stage().serve(app, certificate());
    assert.equal(await (await site.get('/first')).whole(), 'first https true');
    await idle(grip);
  });

  it('has a secure session cookie sent with the answer to a retried long-poll', async () => {
    const grip = stage().grip(gripProxy());
    const options = { secret: 'x', resave: false, saveUninitialized: true, cookie: { secure: true } };
    const app = express().use(grip, session(options));
    let polls = 0;
    app.get('/', (_req, res) => {
      if (polls++ > 0) res.send('again');
      else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('nothing');
    });
    const poll = (await stage().serve(app, certificate())).get('/');
    await subscribed(grip, 'news');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.match(String((await poll).headers['set-cookie']), /connect\.sid=.*Secure/);
  });
});
