import assert from 'node:assert/strict';
import { GripProxy } from '@p-8/core';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { subscribed } from '../../../test/support/apps/watch.js';

describe('gripProxy() in a Koa app that another proxy of the process stands in front of', () => {
  const stage = useStage();
  const front = new GripProxy({ target: 'http://127.0.0.1:9' });
  after(() => front.close());

  const hold: Koa.Middleware = (ctx) => {
    ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
    ctx.body = 'open';
  };

  const cases: [name: string, mount: () => Promise<{ grip: GripMiddleware; site: Site }>][] = [
    [
      'has the app answer it',
      async () => {
        const grip = stage().grip(gripProxy());
        return { grip, site: await stage().serve(new Koa().use(grip).use(hold).callback()) };
      },
    ],
    [
      'asks its target for it',
      async () => {
        const origin = await stage().serve(new Koa().use(hold).callback());
        const grip = stage().grip(gripProxy({ target: origin.url }));
        return { grip, site: await stage().serve(new Koa().use(grip).callback()) };
      },
    ],
  ];
  for (const [name, mount] of cases) {
    it(`${name}, and holds again when it stands alone`, async () => {
      const { grip, site } = await mount();
      grip.proxy.standBehind(front.hub);
      const passed = await site.get('/stream');
      assert.equal(await passed.whole(), 'open');
      assert.equal(passed.headers['grip-hold'], 'stream');
      assert.equal(passed.headers['grip-channel'], 'news');
      assert.deepEqual(grip.holds(), []);
      grip.proxy.standBehind(undefined);
      const held = await site.get('/stream');
      assert.equal(held.headers['grip-hold'], undefined);
      await subscribed(grip, 'news');
      assert.deepEqual(grip.holds(), [{ mode: 'stream', uri: `${site.url}/stream`, channels: ['news'] }]);
      held.leave();
    });
  }

  it('gives it what is published, and what is posted to its control API', async () => {
    const told: string[] = [];
    front.on('publish', ({ channel }) => told.push(channel));
    const grip = stage().grip(gripProxy());
    const site = await stage().serve(
      new Koa()
        .use(grip.controlApi({ path: '/grip' }))
        .use(grip)
        .callback(),
    );
    grip.proxy.standBehind(front.hub);
    await grip.publish('published', { 'http-stream': 'x' });
    const item = { channel: 'posted', formats: { 'http-stream': { content: 'x' } } };
    const reply = await site.post('/grip/publish', JSON.stringify({ items: [item] }));
    assert.equal(reply.status, 200);
    assert.deepEqual(told, ['published', 'posted']);
  });
});
