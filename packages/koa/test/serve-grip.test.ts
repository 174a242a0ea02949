import assert from 'node:assert/strict';
import { Publisher } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import compress from 'koa-compress';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const orders: Record<string, (grip: GripMiddleware, serveGrip: Koa.Middleware) => Koa> = {
  alone: (grip, serveGrip) => new Koa().use(grip).use(serveGrip),
  'with koa-compress between': (grip, serveGrip) =>
    new Koa()
      .use(grip)
      .use(compress({ threshold: 0 }))
      .use(serveGrip),
  'with koa-bodyparser and koa-compress before': (grip, serveGrip) =>
    new Koa()
      .use(bodyParser())
      .use(compress({ threshold: 0 }))
      .use(grip)
      .use(serveGrip),
};

for (const [order, build] of Object.entries(orders)) {
  describe(`a Koa app that uses serve-grip as it is, ${order}`, () => {
    const stage = useStage();
    let grip: GripMiddleware;
    let site: Site;

    beforeEach(async () => {
      grip = stage().grip(gripProxy());
      const serveGrip = new ServeGrip({
        grip: { control_uri: 'http://127.0.0.1:1/', verify_key: 'changeme', verify_iss: 'pushpin' },
        gripProxyRequired: true,
      });
      const app = build(grip, serveGrip.koa);
      app.use(async (ctx) => {
        if (ctx.path === '/request') {
          const verified = await serveGrip.getPublisher().validateGripSig(ctx.get('grip-sig'));
          ctx.body = { ...ctx.req.grip, verified };
          return;
        }
        if (ctx.path === '/plain') {
          ctx.body = 'plain';
          return;
        }
        const instruct = ctx.res.grip?.startInstruct();
        instruct?.addChannel('news');
        if (ctx.path === '/stream') instruct?.setHoldStream();
        else instruct?.setHoldLongPoll(30);
        if (ctx.path === '/not-modified') ctx.status = 304;
        else ctx.body = 'open\n';
      });
      site = await stage().serve(app.callback());
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
    it(`publishes by the control API of a Koa app with ${name}`, async () => {
      const grip = stage().grip(gripProxy());
      const app = new Koa().use(grip).use(grip.controlApi({ key: 'secret' }));
      app.use((ctx) => {
        ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
        ctx.body = 'open ';
      });
      const site = await stage().serve(app.callback());
      const stream = await site.get('/');
      await stream.until((text) => text === 'open ');
      await new Publisher({ control_uri: `${site.url}/grip`, ...credentials }).publishHttpStream(
        'news',
        'hello',
      );
      await stream.until((text) => text === 'open hello');
    });
  }
});
