import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';

describe('a Koa app that serves uploads', () => {
  const stage = useStage();
  const upload = JSON.stringify({ hold: { mode: 'stream', channels: [{ name: 'secret' }] } });

  for (const wrapped of [false, true]) {
    it(`gives whoever opens one the file, with the app's own headers${wrapped ? ', wrapped' : ''}`, async () => {
      const grip = stage().grip(gripProxy());
      const app = new Koa();
      if (!wrapped) app.use(grip);
      app.use((ctx) => {
        ctx.set('X-Content-Type-Options', 'nosniff');
        ctx.body = Buffer.from(upload);
        ctx.type = 'application/grip-instruct';
      });
      const site = await stage().serve(wrapped ? grip.wrap(app) : app.callback());
      const reply = await site.get('/file.grip');
      assert.equal(await reply.whole(), upload);
      assert.equal(reply.headers['content-type'], 'application/grip-instruct');
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.equal(grip.stats().sessions, 0);
    });
  }
});
