import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Express } from 'express';
import type { Reply } from '../../../test/support/apps/reply.js';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const orders: Record<string, (grip: GripMiddleware) => Express> = {
  'compression before the proxy': (grip) => express().use(compression({ threshold: 0 }), grip),
  'compression after the proxy': (grip) => express().use(grip, compression({ threshold: 0 })),
};
/** Larger than what any buffer on the way takes, and nothing to compress. */
const large = randomBytes(6_000_000).toString('base64');
const pieces = () => Readable.from(large.match(/.{1,50000}/g) ?? []);

for (const [order, build] of Object.entries(orders)) {
  describe(`an Express app with ${order}`, () => {
    const stage = useStage();
    let grip: GripMiddleware;
    let site: Site;

    beforeEach(async () => {
      grip = stage().grip(gripProxy({ jsonInstructs: true }));
      const app = build(grip);
      let polls = 0;
      app.get('/stream', (_req, res) => {
        res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).type('text').send('open\n');
      });
      app.get('/large', (_req, res) => {
        pieces().pipe(res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).type('text'));
      });
      app.get('/poll', (_req, res) => {
        if (polls++ > 0) pieces().pipe(res.type('text'));
        else
          res
            .set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news; prev-id=1' })
            .type('text')
            .send('nothing\n');
      });
      app.get('/instruct', (_req, res) => {
        res.type('application/grip-instruct').json({
          hold: { mode: 'response', channels: [{ name: 'news' }] },
          response: { headers: { 'Content-Type': 'text/plain' }, body: 'nothing\n' },
        });
      });
      site = await stage().serve(app);
    });

    for (const encoding of ['gzip', 'br', 'identity']) {
      const headers = { 'Accept-Encoding': encoding };
      /** Only what is mounted outside can encode what is pushed. */
      const codingOf = (reply: Reply): void => {
        const coded = order === 'compression before the proxy' && encoding !== 'identity';
        assert.equal(reply.headers['content-encoding'], coded ? encoding : undefined);
      };

      it(`pushes each item of a stream at once to a client that accepts ${encoding}`, async () => {
        const stream = await site.get('/stream', { headers });
        codingOf(stream);
        assert.deepEqual(stream.gripFields, []);
        await stream.until((text) => text === 'open\n');
        for (const item of ['one\n', 'two\n']) {
          await grip.publish('news', { 'http-stream': item });
          await stream.until((text) => text.endsWith(item));
        }
        await grip.publish('news', { 'http-stream': { action: 'close' } });
        assert.equal(await stream.whole(), 'open\none\ntwo\n');
        await idle(grip);
      });

      it(`streams a large beginning, then items, to a client that accepts ${encoding}`, async () => {
        const stream = await site.get('/large', { headers });
        codingOf(stream);
        await stream.untilLength(large.length);
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-stream': 'item\n' });
        await stream.untilLength(large.length + 5);
        assert.ok(stream.text === `${large}item\n`);
      });

      it(`waits for a client that accepts ${encoding} and is slow to take a large beginning`, async () => {
        const stream = await site.get('/large', { headers });
        stream.stall();
        await site.blocked();
        stream.takeMore();
        await stream.untilLength(large.length);
      });

      it(`answers a long-poll of a client that accepts ${encoding}`, async () => {
        const poll = site.get('/instruct', { headers });
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-response': 'hello\n' });
        const reply = await poll;
        codingOf(reply);
        assert.equal(await reply.whole(), 'hello\n');
        await idle(grip);
      });

      it(`waits for a client that accepts ${encoding} and is slow to take the answer to its retried long-poll`, async () => {
        const poll = site.get('/poll', { headers });
        await subscribed(grip, 'news');
        // The last id was not 7: the origin is asked again.
        await grip.publish('news', { 'http-response': 'x\n' }, { id: '8', 'prev-id': '7' });
        const reply = await poll;
        codingOf(reply);
        reply.stall();
        await site.blocked();
        reply.takeMore();
        assert.equal(await reply.whole(), large);
        await idle(grip);
      });
    }

    it('answers HEAD, and holds nobody', async () => {
      const reply = await site.get('/stream', { method: 'HEAD', headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(reply.status, 200);
      assert.equal(await reply.whole(), '');
      await idle(grip);
    });
  });
}
