import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Express, type RequestHandler, type Response } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { eventually } from '../../../test/support/eventually.js';

const builds: Record<string, (proxy: RequestHandler) => Express> = {
  'the proxy alone': (proxy) => express().use(proxy),
  'compression before the proxy': (proxy) => express().use(compression({ threshold: 0 }), proxy),
  'compression after the proxy': (proxy) => express().use(proxy, compression({ threshold: 0 })),
};

for (const [name, build] of Object.entries(builds)) {
  describe(`an Express app that streams by itself, with ${name}`, () => {
    const stage = useStage();

    for (const encoding of ['gzip', 'br', 'identity']) {
      it(`sends each of its events when it says so, as ${encoding}`, async () => {
        const grip = stage().grip(gripProxy());
        const app = build(grip);
        let client: Response | undefined;
        app.get('/', (_req, res) => {
          res.writeHead(200, { 'Content-Type': 'text/event-stream' });
          res.flushHeaders();
          client = res;
        });
        const site = await stage().serve(app);
        const events = await site.get('/', { headers: { 'Accept-Encoding': encoding } });
        const compressed = name !== 'the proxy alone' && encoding !== 'identity';
        assert.equal(events.headers['content-encoding'], compressed ? encoding : undefined);
        for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
          client?.write(event);
          client?.flush?.();
          await events.until((text) => text.endsWith(event));
        }
        client?.end();
        assert.equal(await events.whole(), 'data: 1\n\ndata: 2\n\n');
      });
    }

    it('is made to wait by a client that does not read', async () => {
      const grip = stage().grip(gripProxy());
      const app = build(grip);
      let written = 0;
      let waiting = false;
      const block = Buffer.alloc(64 * 1024, 'block ');
      app.get('/', async (_req, res) => {
        res.type('bin');
        for (; written < 400; written++) {
          waiting = !res.write(block);
          if (waiting) await once(res, 'drain');
        }
        res.end();
      });
      const site = await stage().serve(app);
      const reply = await site.get('/');
      await reply.until((text) => text.length > 0);
      reply.stall();
      let before = -1;
      // It waits, and goes on waiting.
      await eventually(() => {
        const still = waiting && written === before;
        before = written;
        return still;
      }, 'an app that waits for its client');
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      assert.ok(written < 400);
      reply.takeMore();
      assert.equal((await reply.whole()).length, 400 * block.length);
    });

    it('hears that its client has gone', async () => {
      const grip = stage().grip(gripProxy());
      const app = build(grip);
      let closed = false;
      app.get('/', (_req, res) => {
        res.once('close', () => {
          closed = true;
        });
        res.write('open');
        res.flush?.();
      });
      const site = await stage().serve(app);
      const reply = await site.get('/');
      await reply.until((text) => text === 'open');
      reply.leave();
      await eventually(() => closed, 'the close of the response');
    });
  });
}
