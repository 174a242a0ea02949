import assert from 'node:assert/strict';
import { Publisher } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const orders: Record<string, (grip: GripMiddleware, serveGrip: RequestHandler) => Express> = {
  alone: (grip, serveGrip) => express().use(grip, serveGrip),
  'with compression between': (grip, serveGrip) =>
    express().use(grip, compression({ threshold: 0 }), serveGrip),
  'with body parsers and compression before': (grip, serveGrip) =>
    express().use(express.json(), compression({ threshold: 0 }), grip, serveGrip),
};

for (const [order, build] of Object.entries(orders)) {
  describe(`an Express app that uses serve-grip as it is, ${order}`, () => {
    const stage = useStage();
    let grip: GripMiddleware;
    let site: Site;
    let serveGrip: ServeGrip;

    beforeEach(async () => {
      grip = stage().grip(gripProxy());
      serveGrip = new ServeGrip({
        grip: { control_uri: 'http://127.0.0.1:1/', verify_key: 'changeme', verify_iss: 'pushpin' },
        gripProxyRequired: true,
      });
      // Its types are Node's, and Express's are made from those.
      const app = build(grip, serveGrip as unknown as RequestHandler);
      app.get('/request', async (req, res) => {
        res.json({
          ...req.grip,
          verified: await serveGrip.getPublisher().validateGripSig(req.get('grip-sig') ?? null),
        });
      });
      app.get('/stream', (_req, res) => {
        const instruct = res.grip?.startInstruct();
        instruct?.addChannel('news');
        instruct?.setHoldStream();
        instruct?.setKeepAlive('\n', 20);
        res.type('text').send('open\n');
      });
      app.get('/poll', (_req, res) => {
        const instruct = res.grip?.startInstruct();
        instruct?.addChannel('news');
        instruct?.setHoldLongPoll(30);
        res.type('text').send('nothing\n');
      });
      app.get('/not-modified', (_req, res) => {
        const instruct = res.grip?.startInstruct();
        instruct?.addChannel('news');
        instruct?.setHoldLongPoll(30);
        res.status(304).end();
      });
      app.get('/plain', (_req, res) => void res.send('plain'));
      site = await stage().serve(app);
    });

    it('sees a proxied and signed request', async () => {
      const reply = await site.get('/request');
      const state = { isProxied: true, isSigned: true, needsSigned: true };
      assert.deepEqual(JSON.parse(await reply.whole()), { ...state, wsContext: null, verified: state });
    });

    it('has a plain response sent as it is', async () => {
      assert.equal(await (await site.get('/plain')).whole(), 'plain');
    });

    for (const encoding of ['identity', 'gzip']) {
      it(`holds a stream of a client that accepts ${encoding}`, async () => {
        const stream = await site.get('/stream', { headers: { 'Accept-Encoding': encoding } });
        assert.deepEqual(stream.gripFields, []);
        await stream.until((text) => text === 'open\n');
        await grip.publish('news', { 'http-stream': 'hello\n' });
        await stream.until((text) => text === 'open\nhello\n');
      });

      it(`holds a long-poll of a client that accepts ${encoding}`, async () => {
        for (const path of ['/poll', '/not-modified']) {
          const poll = site.get(path, { headers: { 'Accept-Encoding': encoding } });
          await subscribed(grip, 'news');
          await grip.publish('news', { 'http-response': 'hello\n' });
          assert.equal(await (await poll).whole(), 'hello\n');
          await idle(grip);
        }
      });
    }
  });
}

describe("serve-grip's publisher", () => {
  const stage = useStage();

  const configs = {
    'a JWT': { control_iss: 'me', key: 'secret' },
    'a bearer token': { key: 'secret' },
    'a basic password': { user: 'me', pass: 'secret' },
  };
  for (const [name, credentials] of Object.entries(configs)) {
    it(`publishes by the control API with ${name}`, async () => {
      const grip = stage().grip(gripProxy());
      const app = express()
        .use('/grip', grip.controlApi({ key: 'secret' }))
        .use(grip);
      app.get(
        '/',
        (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open '),
      );
      const site = await stage().serve(app);
      const stream = await site.get('/');
      await stream.until((text) => text === 'open ');
      const publisher = new Publisher({ control_uri: `${site.url}/grip`, ...credentials });
      await publisher.publishHttpStream('news', 'hello');
      await stream.until((text) => text === 'open hello');
      const stranger = new Publisher({
        control_uri: `${site.url}/grip`,
        ...credentials,
        key: 'x',
        pass: 'x',
      });
      await assert.rejects(stranger.publishHttpStream('news', 'not to be seen'));
      await publisher.publishHttpStream('news', '!');
      await stream.until((text) => text === 'open hello!');
    });
  }
});
