import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

const parser = () => bodyParser({ enableTypes: ['json', 'form', 'text'] });
/** The body arrives meanwhile. */
const slow: Koa.Middleware = async (ctx, next) => {
  await new Promise((resolve) => ctx.req.once('readable', resolve));
  await next();
};

const orders: Record<string, (grip: GripMiddleware) => Koa> = {
  'koa-bodyparser before the proxy': (grip) => new Koa().use(parser()).use(grip),
  'koa-bodyparser after the proxy': (grip) => new Koa().use(grip).use(parser()),
  'a slow middleware before the proxy': (grip) => new Koa().use(slow).use(grip).use(parser()),
};

const bodies: [type: string, body: string, parsed: unknown][] = [
  ['application/json', '{"a":1,"b":[true,null]}', { a: 1, b: [true, null] }],
  ['application/json; charset=utf-8', '{"é":"€"}', { é: '€' }],
  ['application/x-www-form-urlencoded', 'a=1&b=x+y%26z', { a: '1', b: 'x y&z' }],
  [
    'application/x-www-form-urlencoded',
    'a[b]=1&a[c][d]=2&e=1&e=2',
    { a: { b: '1', c: { d: '2' } }, e: ['1', '2'] },
  ],
  ['text/plain', 'plain text, é', 'plain text, é'],
];

for (const [order, build] of Object.entries(orders)) {
  describe(`a POST that is answered by a retried long-poll, in a Koa app with ${order}`, () => {
    const stage = useStage();

    async function start() {
      const grip = stage().grip(gripProxy());
      let polls = 0;
      const app = build(grip).use((ctx) => {
        if (polls++ > 0) {
          ctx.body = { body: ctx.request.body };
        } else {
          ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' });
          ctx.body = 'nothing';
        }
      });
      return { grip, site: await stage().serve(app.callback()) };
    }

    for (const [type, body, parsed] of bodies) {
      it(`has the app see ${body} as ${type} again`, async () => {
        const { grip, site } = await start();
        const reply = site.post('/', body, { 'Content-Type': type });
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-response': { action: 'hint' } });
        assert.deepEqual(JSON.parse(await (await reply).whole()), { body: parsed });
        await idle(grip);
      });
    }

    it('has the app see a compressed body again', async () => {
      const { grip, site } = await start();
      const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
      const reply = site.post('/', zlib.gzipSync('{"a":1}'), headers);
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      assert.deepEqual(JSON.parse(await (await reply).whole()), { body: { a: 1 } });
    });

    it('refuses a hold for a body too large to be kept', async () => {
      const { site } = await start();
      const reply = await site.post('/', JSON.stringify('x'.repeat(100_000).split('')), {
        'Content-Type': 'application/json',
      });
      assert.equal(reply.status, 400);
      assert.equal(await reply.whole(), 'Request too large to accept GRIP instruct.\n');
    });
  });
}
