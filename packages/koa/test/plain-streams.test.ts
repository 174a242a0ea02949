import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import zlib from 'node:zlib';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import compress from 'koa-compress';
import { useStage } from '../../../test/support/apps/stage.js';
import { eventually } from '../../../test/support/eventually.js';

/** Sends on what it has at once. */
const compression = () =>
  compress({
    threshold: 0,
    gzip: { flush: zlib.constants.Z_SYNC_FLUSH },
    br: { flush: zlib.constants.BROTLI_OPERATION_FLUSH },
  });

const builds: Record<string, (proxy: Koa.Middleware) => Koa> = {
  'the proxy alone': (proxy) => new Koa().use(proxy),
  'koa-compress before the proxy': (proxy) => new Koa().use(compression()).use(proxy),
  'koa-compress after the proxy': (proxy) => new Koa().use(proxy).use(compression()),
};

for (const [name, build] of Object.entries(builds)) {
  describe(`a Koa app that streams by itself, with ${name}`, () => {
    const stage = useStage();

    for (const encoding of ['gzip', 'br', 'identity']) {
      it(`sends each of its events when it says so, as ${encoding}`, async () => {
        const grip = stage().grip(gripProxy());
        const body = new PassThrough();
        const app = build(grip).use((ctx) => {
          ctx.type = 'text/event-stream';
          ctx.body = body;
        });
        const site = await stage().serve(app.callback());
        body.write('data: 0\n\n');
        const events = await site.get('/', { headers: { 'Accept-Encoding': encoding } });
        const compressed = name !== 'the proxy alone' && encoding !== 'identity';
        assert.equal(events.headers['content-encoding'], compressed ? encoding : undefined);
        await events.until((text) => text === 'data: 0\n\n');
        for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
          body.write(event);
          await events.until((text) => text.endsWith(event));
        }
        body.end();
        assert.equal(await events.whole(), 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
      });
    }

    it('is made to wait by a client that does not read', async () => {
      const grip = stage().grip(gripProxy());
      const body = new PassThrough();
      const app = build(grip).use((ctx) => {
        ctx.type = 'bin';
        ctx.body = body;
      });
      const block = Buffer.alloc(64 * 1024, 'block ');
      let written = 0;
      let waiting = false;
      void (async () => {
        for (; written < 400; written++) {
          waiting = !body.write(block);
          if (waiting) await once(body, 'drain');
        }
        body.end();
      })();
      const site = await stage().serve(app.callback());
      const reply = await site.get('/');
      reply.stall();
      await site.blocked();
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      assert.ok(waiting && written < 400);
      reply.takeMore();
      assert.equal((await reply.whole()).length, 400 * block.length);
    });

    it('hears that its client has gone', async () => {
      const grip = stage().grip(gripProxy());
      const body = new PassThrough();
      const errors: unknown[] = [];
      const app = build(grip).use((ctx) => {
        ctx.type = 'bin';
        ctx.body = body;
      });
      app.on('error', (error) => errors.push(error));
      const site = await stage().serve(app.callback());
      body.write('open');
      const reply = await site.get('/');
      await reply.until((text) => text === 'open');
      reply.leave();
      await eventually(() => body.destroyed, 'the end of the source');
      // As without the proxy: this response has not been finished.
      await eventually(() => errors.length === 1, 'an error');
    });
  });
}
