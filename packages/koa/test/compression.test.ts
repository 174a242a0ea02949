import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import compress from 'koa-compress';
import type { Reply } from '../../../test/support/apps/reply.js';
import type { Site } from '../../../test/support/apps/site.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const orders: Record<string, (grip: GripMiddleware) => Koa> = {
  'koa-compress before the proxy': (grip) => new Koa().use(compress({ threshold: 0 })).use(grip),
  'koa-compress after the proxy': (grip) => new Koa().use(grip).use(compress({ threshold: 0 })),
};
/** Larger than what any buffer on the way takes, and nothing to compress. */
const large = randomBytes(6_000_000).toString('base64');
const pieces = () => Readable.from(large.match(/.{1,50000}/g) ?? [], { objectMode: false });

for (const [order, build] of Object.entries(orders)) {
  describe(`a Koa app with ${order}`, () => {
    const stage = useStage();
    let grip: GripMiddleware;
    let site: Site;

    beforeEach(async () => {
      grip = stage().grip(gripProxy({ jsonInstructs: true }));
      let polls = 0;
      const answers: Record<string, (ctx: Koa.Context) => void> = {
        '/stream': (ctx) => {
          ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
          ctx.body = 'open\n';
        },
        '/large': (ctx) => {
          ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
          ctx.type = 'text';
          ctx.body = pieces();
        },
        '/poll': (ctx) => {
          ctx.type = 'text';
          ctx.body = polls > 0 ? pieces() : 'nothing\n';
          if (polls++ === 0) ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news; prev-id=1' });
        },
        '/instruct': (ctx) => {
          const hold = { mode: 'response', channels: [{ name: 'news' }] };
          ctx.body = { hold, response: { headers: { 'Content-Type': 'text/plain' }, body: 'nothing\n' } };
          ctx.type = 'application/grip-instruct';
          // What is not text is compressed only where the app insists.
          ctx.compress = true;
        },
      };
      const app = build(grip).use((ctx) => answers[ctx.path]?.(ctx));
      site = await stage().serve(app.callback());
    });

    /** Koa's compression works on the body that the app gives, and so before the hold: what is pushed is plain. */
    const isPlain = (reply: Reply) => {
      assert.equal(reply.headers['content-encoding'], undefined);
      assert.deepEqual(reply.gripFields, []);
    };

    for (const encoding of ['gzip', 'br', 'deflate', 'identity']) {
      const headers = { 'Accept-Encoding': encoding };

      it(`pushes each item of a stream at once to a client that accepts ${encoding}`, async () => {
        const stream = await site.get('/stream', { headers });
        isPlain(stream);
        await stream.until((text) => text === 'open\n');
        for (const item of ['one\n', 'two\n']) {
          await grip.publish('news', { 'http-stream': item });
          await stream.until((text) => text.endsWith(item));
        }
        await grip.publish('news', { 'http-stream': { action: 'close' } });
        assert.equal(await stream.whole(), 'open\none\ntwo\n');
        await idle(grip);
      });

      it(`waits for a client that accepts ${encoding} and is slow to take a large beginning`, async () => {
        const stream = await site.get('/large', { headers });
        isPlain(stream);
        stream.stall();
        await site.blocked();
        stream.takeMore();
        await stream.untilLength(large.length);
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-stream': 'item\n' });
        await stream.untilLength(large.length + 5);
        assert.ok(stream.text === `${large}item\n`);
      });

      it(`answers a long-poll of a client that accepts ${encoding}`, async () => {
        const poll = site.get('/instruct', { headers });
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-response': 'hello\n' });
        const reply = await poll;
        isPlain(reply);
        assert.equal(await reply.whole(), 'hello\n');
        await idle(grip);
      });

      it(`waits for a client that accepts ${encoding} and is slow to take the answer to its retried long-poll`, async () => {
        const poll = site.get('/poll', { headers });
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-response': 'x\n' }, { id: '8', 'prev-id': '7' });
        const reply = await poll;
        isPlain(reply);
        reply.stall();
        await site.blocked();
        reply.takeMore();
        assert.ok((await reply.whole()) === large);
        await idle(grip);
      });
    }
  });
}
