import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type GripMiddleware, gripProxy } from '@p-8/koa';
import Koa from 'koa';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';

const atRest = { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 };

describe('a client of a Koa app leaves nothing behind when it goes', () => {
  const stage = useStage();
  let clock: ManualClock;
  let grip: GripMiddleware;
  let app: Koa;
  /** How many requests the app has seen, and how many of its responses have been closed. */
  let asked = 0;
  let closed = 0;

  beforeEach(() => {
    clock = new ManualClock();
    grip = stage().grip(gripProxy({ clock }));
    asked = 0;
    closed = 0;
    app = new Koa().use(grip).use(async (ctx, next) => {
      asked++;
      ctx.res.once('close', () => closed++);
      await next();
    });
    app.silent = true;
  });

  const hold = (ctx: Koa.Context, mode: 'stream' | 'response', link = '') => {
    ctx.set({ 'Grip-Hold': mode, 'Grip-Channel': 'news; prev-id=1', 'Grip-Link': link });
    ctx.body = 'open';
  };

  /** Resolves when the test says so. */
  function gate(): { readonly open: Promise<void>; pass(): void } {
    let pass = () => {};
    const open = new Promise<void>((resolve) => {
      pass = resolve;
    });
    return { open, pass: () => pass() };
  }

  it('before the app answers with a hold', async () => {
    const { open, pass } = gate();
    let answered = false;
    app.use(async (ctx) => {
      await open;
      hold(ctx, 'stream', '</next>; rel=next');
      answered = true;
    });
    const call = (await stage().serve(app.callback())).call('/');
    await eventually(() => asked === 1, 'a request');
    call.leave();
    await eventually(() => closed === 1, 'a client that is gone');
    pass();
    await eventually(() => answered, 'an answer');
    await idle(grip);
  });

  for (const size of [10, 200_000]) {
    it(`while the app has written ${size} bytes of its answer`, async () => {
      const body = new PassThrough();
      app.use((ctx) => {
        hold(ctx, 'stream', '</next>; rel=next');
        ctx.body = body;
      });
      const call = (await stage().serve(app.callback())).call('/');
      body.write('x'.repeat(size));
      await eventually(() => asked === 1, 'a request');
      if (size > 100_000) await call.reply;
      call.leave();
      await eventually(() => closed === 1, 'a client that is gone');
      body.end('the rest');
      await idle(grip);
    });
  }

  it('while its long-poll is held', async () => {
    app.use((ctx) => hold(ctx, 'response'));
    const call = (await stage().serve(app.callback())).call('/');
    await subscribed(grip, 'news');
    assert.deepEqual(grip.stats(), { ...atRest, sessions: 1, channels: 1, timers: 1 });
    call.leave();
    await idle(grip);
  });

  it('while its stream is held', async () => {
    app.use((ctx) => hold(ctx, 'stream', '</next>; rel=next'));
    const call = (await stage().serve(app.callback())).call('/');
    await subscribed(grip, 'news');
    call.leave();
    await idle(grip);
    assert.equal(clock.pending, 0);
  });

  for (const begun of [false, true]) {
    it(`while its long-poll is retried${begun ? ', and the new answer is coming' : ''}`, async () => {
      const body = new PassThrough();
      app.use(async (ctx) => {
        if (asked === 1) hold(ctx, 'response');
        else if (begun) ctx.body = body;
        else await new Promise(() => {});
      });
      const call = (await stage().serve(app.callback())).call('/');
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } }, { id: '2', 'prev-id': '1' });
      body.write('half');
      await eventually(() => asked === 2, 'the second request');
      if (begun) await (await call.reply).until((text) => text === 'half');
      assert.equal(grip.stats().upstreamRequests, 1);
      call.leave();
      await idle(grip);
      // The app is told of both.
      await eventually(() => closed === 2, 'the close of both responses');
    });
  }

  it('while a next link is asked', async () => {
    app.use(async (ctx) => {
      if (ctx.path === '/next') await new Promise(() => {});
      ctx.set('Grip-Link', '</next>; rel=next');
      ctx.body = 'open';
    });
    const call = (await stage().serve(app.callback())).call('/');
    await eventually(() => asked === 2, 'the request for the link');
    assert.deepEqual(grip.stats(), { ...atRest, sessions: 1, timers: 2, upstreamRequests: 1 });
    call.leave();
    await idle(grip);
    await eventually(() => closed === 2, 'the close of both responses');
  });

  it('while a next link waits to be asked again', async () => {
    app.use((ctx) => {
      if (ctx.path === '/missing') ctx.throw(404);
      ctx.set('Grip-Link', '</missing>; rel=next');
      ctx.body = 'open';
    });
    const call = (await stage().serve(app.callback())).call('/');
    await eventually(() => grip.stats().timers === 1, 'a link that is to be tried again');
    call.leave();
    await idle(grip);
    assert.equal(clock.pending, 0);
  });
});
