import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, type GripProxyOptions, gripProxy, type Logger } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle } from '../../../test/support/apps/watch.js';

const failures: Record<string, Koa.Middleware> = {
  throws: () => {
    throw new Error('boom');
  },
  rejects: async () => {
    await setImmediate();
    throw new Error('boom');
  },
  'throws after it has set Grip fields and a body': (ctx) => {
    ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
    ctx.body = 'open';
    throw new Error('boom');
  },
};

describe('a Koa app with a handler that fails', () => {
  const stage = useStage();

  function build(): [GripMiddleware, Koa, Error[]] {
    const errors: Error[] = [];
    const grip = stage().grip(gripProxy());
    const app = new Koa();
    app.on('error', (error) => errors.push(error));
    return [grip, app, errors];
  }

  for (const [failure, handler] of Object.entries(failures)) {
    it(`that ${failure} is answered for by Koa, and told of once`, async () => {
      const [grip, app, errors] = build();
      app.use(grip).use(handler);
      const reply = await (await stage().serve(app.callback())).get('/');
      assert.equal(reply.status, 500);
      assert.equal(await reply.whole(), 'Internal Server Error');
      assert.deepEqual(
        errors.map(({ message }) => message),
        ['boom'],
      );
      await idle(grip);
    });

    it(`that ${failure} has the middleware before the proxy catch it`, async () => {
      const [grip, app, errors] = build();
      app.use(async (ctx, next) => {
        try {
          await next();
        } catch (error) {
          for (const name of ctx.res.getHeaderNames()) ctx.remove(name);
          ctx.status = 503;
          ctx.body = `sorry: ${(error as Error).message}`;
        }
      });
      app.use(grip).use(handler);
      const reply = await (await stage().serve(app.callback())).get('/');
      assert.equal(reply.status, 503);
      assert.equal(await reply.whole(), 'sorry: boom');
      assert.deepEqual(errors, []);
    });
  }

  it("gets Koa's 404 where nobody answers", async () => {
    const [grip, app] = build();
    const reply = await (await stage().serve(app.use(grip).callback())).get('/');
    assert.equal(reply.status, 404);
    assert.equal(await reply.whole(), 'Not Found');
  });

  it('has the client cut off when the body that it gave breaks', async () => {
    const [grip, app, errors] = build();
    app.use(grip).use((ctx) => {
      ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
      ctx.body = Readable.from(
        (async function* () {
          yield 'half';
          throw new Error('boom');
        })(),
        { objectMode: false },
      );
    });
    const site = await stage().serve(app.callback());
    await assert.rejects(site.get('/'), /socket hang up/);
    assert.equal(errors[0]?.message, 'boom');
    await idle(grip);
  });
});

describe('a Koa app with a broken instruct', () => {
  const stage = useStage();
  const reason =
    "Failed to parse accept instructions: Grip-Hold must be set to either 'response' or 'stream'";

  async function ask(options: GripProxyOptions, handler: Koa.Middleware) {
    const log: string[] = [];
    const note = (fields: object, message: string) => log.push(`${message}: ${JSON.stringify(fields)}`);
    const logger: Logger = { error: note, warn: note, info: note, debug: () => {} };
    const grip = stage().grip(gripProxy({ logger, ...options }));
    const app = new Koa().use(grip).use(handler);
    const reply = await (await stage().serve(app.callback())).get('/');
    const body = await reply.whole();
    await idle(grip);
    return { log, reply, body };
  }

  const broken: Koa.Middleware = (ctx) => {
    ctx.set('Grip-Hold', 'forever');
    ctx.body = 'open';
  };

  it('has the client answered 502, the reason logged, and nothing held', async () => {
    const { log, reply, body } = await ask({}, broken);
    assert.equal(reply.status, 502);
    assert.equal(reply.headers['content-type'], 'text/plain');
    assert.match(body, /^Error while proxying to origin\.\n.*\(Grip-Hold: forever\)\n$/);
    assert.equal(log.length, 1);
    assert.ok(log[0]?.includes(reason));
  });

  it('has the client told the reason in debug mode', async () => {
    assert.equal((await ask({ debug: true }, broken)).body, `${reason}\n`);
  });

  it('is answered 502 for an instruct that is too large', async () => {
    const { reply, body } = await ask({ debug: true }, (ctx) => {
      ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' });
      ctx.body = 'x'.repeat(100_001);
    });
    assert.equal(reply.status, 502);
    assert.match(body, /^GRIP instruct response too large/);
  });
});
