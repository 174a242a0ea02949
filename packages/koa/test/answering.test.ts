import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

type Mode = 'stream' | 'response';
type Handler = (ctx: Koa.Context) => unknown;

const fields = (mode: Mode) => ({
  'Content-Type': 'text/plain',
  'Grip-Hold': mode,
  'Grip-Channel': 'news',
  'X-App': ['one', 'two'],
});

/** Takes the response from Koa. */
const raw = (ctx: Koa.Context) => {
  ctx.respond = false;
  ctx.res.statusCode = 200;
  return ctx.res;
};

/** Ways of a Koa app to answer with the text `open`, to be held on the channel `news`. */
const ways: Record<string, (mode: Mode) => Handler> = {
  'a string as ctx.body': (mode) => (ctx) => {
    ctx.set(fields(mode));
    ctx.body = 'open';
  },
  'a Buffer as ctx.body': (mode) => (ctx) => {
    ctx.body = Buffer.from('open');
    ctx.set(fields(mode));
  },
  'a stream as ctx.body': (mode) => (ctx) => {
    ctx.set(fields(mode));
    ctx.body = Readable.from(['op', 'en'], { objectMode: false });
  },
  'a stream as ctx.body that takes its time': (mode) => async (ctx) => {
    ctx.set(fields(mode));
    const body = new PassThrough();
    ctx.body = body;
    body.write('op');
    void setImmediate().then(() => body.end('en'));
  },
  'a web stream as ctx.body': (mode) => (ctx) => {
    ctx.set(fields(mode));
    ctx.body = new Blob(['open']).stream();
  },
  'a Blob as ctx.body': (mode) => (ctx) => {
    ctx.body = new Blob(['open']);
    ctx.set(fields(mode));
  },
  'JSON of application/grip-instruct as ctx.body': (mode) => (ctx) => {
    ctx.body = {
      hold: { mode, channels: [{ name: 'news' }] },
      response: {
        headers: [
          ['Content-Type', 'text/plain'],
          ['X-App', 'one'],
          ['X-App', 'two'],
        ],
        body: 'open',
      },
    };
    // Koa calls an object application/json, whatever was said before.
    ctx.type = 'application/grip-instruct';
  },
  'ctx.body after something asynchronous': (mode) => async (ctx) => {
    await setImmediate();
    ctx.set(fields(mode));
    ctx.body = 'open';
  },
  'ctx.res.writeHead and end, without ctx.respond': (mode) => (ctx) => {
    raw(ctx).writeHead(200, fields(mode)).end('open');
  },
  'ctx.res.write, write and end, without ctx.respond': (mode) => (ctx) => {
    const res = raw(ctx);
    ctx.set(fields(mode));
    res.write('o');
    res.write(Buffer.from('pe'));
    res.end('n');
  },
  'ctx.res with flushHeaders, later, without ctx.respond': (mode) => (ctx) => {
    const res = raw(ctx);
    void setImmediate().then(async () => {
      ctx.set(fields(mode));
      res.flushHeaders();
      await setImmediate();
      res.end('open');
    });
  },
  'stream.pipe, without ctx.respond': (mode) => (ctx) => {
    const res = raw(ctx);
    ctx.set(fields(mode));
    Readable.from(['op', 'en']).pipe(res);
  },
  'stream.pipeline, without ctx.respond': (mode) => async (ctx) => {
    const res = raw(ctx);
    ctx.set(fields(mode));
    await pipeline(Readable.from(['op', 'en']), res);
  },
  'an async iterator that waits for drain': (mode) => async (ctx) => {
    const res = raw(ctx);
    ctx.set(fields(mode));
    for await (const chunk of Readable.from(['op', 'en'])) {
      if (!res.write(chunk)) await once(res, 'drain');
    }
    res.end();
  },
  'ctx.res.end, with ctx.respond': (mode) => (ctx) => {
    ctx.set(fields(mode));
    ctx.status = 200;
    ctx.res.end('open');
  },
};

describe('a Koa app holds its clients', () => {
  const stage = useStage();

  function mounted(handler: Handler, wrapped = false): [GripMiddleware, RequestListener, unknown[]] {
    const errors: unknown[] = [];
    const grip = stage().grip(gripProxy({ jsonInstructs: true }));
    const app = new Koa();
    app.on('error', (error) => errors.push(error));
    if (!wrapped) app.use(grip);
    app.use(async (ctx) => {
      await handler(ctx);
    });
    return [grip, wrapped ? grip.wrap(app) : app.callback(), errors];
  }

  for (const [way, handler] of Object.entries(ways)) {
    for (const wrapped of [false, true]) {
      it(`answered by ${way}${wrapped ? ', wrapped' : ''}: a stream`, async () => {
        const [grip, app, errors] = mounted(handler('stream'), wrapped);
        const site = await stage().serve(app);
        const stream = await site.get('/');
        assert.equal(await stream.until((text) => text.length >= 4), 'open');
        assert.equal(stream.status, 200);
        assert.deepEqual(stream.gripFields, []);
        assert.match(String(stream.headers['content-type']), /^text\/plain/);
        assert.equal(stream.headers['x-app'], 'one, two');
        assert.equal(stream.headers['transfer-encoding'], 'chunked');
        await subscribed(grip, 'news');
        const receipt = await grip.publish('news', { 'http-stream': ', hello' });
        assert.equal(receipt.delivered, 1);
        await stream.until((text) => text === 'open, hello');
        await grip.publish('news', { 'http-stream': { action: 'close' } });
        assert.equal(await stream.whole(), 'open, hello');
        await idle(grip);
        assert.deepEqual(errors, []);
      });
    }

    it(`answered by ${way}: a long-poll`, async () => {
      const [grip, app, errors] = mounted(handler('response'));
      const site = await stage().serve(app);
      const poll = site.get('/');
      await subscribed(grip, 'news');
      const receipt = await grip.publish('news', { 'http-response': 'hello\n' });
      assert.equal(receipt.delivered, 1);
      const reply = await poll;
      assert.equal(await reply.whole(), 'hello\n');
      assert.equal(reply.headers['content-length'], '6');
      assert.equal(reply.headers['x-app'], 'one, two');
      assert.deepEqual(reply.gripFields, []);
      await idle(grip);
      assert.deepEqual(errors, []);
    });

    it(`answered by ${way}: without an error when the client leaves`, async () => {
      const [grip, app, errors] = mounted(handler('stream'));
      const site = await stage().serve(app);
      const stream = await site.get('/');
      await stream.until((text) => text.length >= 4);
      stream.leave();
      await idle(grip);
      await setImmediate();
      assert.deepEqual(errors, []);
    });
  }
});
