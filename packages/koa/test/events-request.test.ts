import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { text } from 'node:stream/consumers';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import { EVENTS_FIELDS, FRONT_KEY, postEvents } from '../../../test/support/apps/events-front.js';
import { useStage } from '../../../test/support/apps/stage.js';

/** koa-bodyparser, told that events are text. */
const asText = (): Koa.Middleware =>
  bodyParser({ enableTypes: ['text'], extendTypes: { text: ['application/websocket-events'] } });

/** Reads the body, and leaves nothing. */
const greedy: Koa.Middleware = async (ctx, next) => {
  await text(ctx.req);
  await next();
};

describe('the body of a request with WebSocket events, in a Koa app', () => {
  const stage = useStage();
  const events = 'TEXT 6\r\nhéllo\r\n';

  function build(before: readonly Koa.Middleware[], ...after: readonly Koa.Middleware[]): Koa {
    const grip = stage().grip(gripProxy({ upstreamKey: FRONT_KEY }));
    const app = new Koa();
    for (const middleware of [...before, grip, ...after]) app.use(middleware);
    return app;
  }

  /** What the handler of an app finds, told in a response that is no answer to events. */
  async function found(app: Koa, body = events) {
    app.use((ctx) => {
      const ws = ctx.grip.wsContext;
      const recv = ws?.canRecv() ? ws.recv() : null;
      ctx.status = 299;
      ctx.body = { isNull: ws === null, recv, rawBody: ctx.request.rawBody };
    });
    const reply = await postEvents(await stage().serve(app.callback()), '/', body);
    return JSON.parse(await reply.whole());
  }

  const orders: Record<string, readonly Koa.Middleware[]> = {
    'nothing before': [],
    'koa-bodyparser for other types before': [bodyParser()],
    'koa-bodyparser for this type before': [asText()],
  };
  for (const [order, before] of Object.entries(orders)) {
    it(`is read with ${order}`, async () => {
      const { isNull, recv } = await found(build(before));
      assert.deepEqual({ isNull, recv }, { isNull: false, recv: 'héllo' });
    });
  }

  it('is of no use when somebody has read it and left nothing', async () => {
    assert.equal((await found(build([greedy]))).isNull, true);
  });

  it('is there for a body parser that is mounted after', async () => {
    assert.deepEqual(await found(build([], asText())), { isNull: false, recv: 'héllo', rawBody: events });
  });

  it('is waited for in the context of its request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const app = build([(_ctx, next) => storage.run('mine', next)]);
    app.use((ctx) => {
      ctx.status = 299;
      ctx.body = storage.getStore() ?? 'none';
    });
    const reply = await postEvents(await stage().serve(app.callback()), '/', events);
    assert.equal(await reply.whole(), 'mine');
  });

  for (const [body, headers, message] of [
    ['TEXT', {}, 'Error parsing WebSocket events.\n'],
    ['OPEN\r\n', { 'Connection-Id': '' }, 'WebSocket event missing connection-id header.\n'],
  ] as const) {
    it(`is refused when it is ${JSON.stringify(body)} with ${JSON.stringify(headers)}`, async () => {
      const app = build([]).use((ctx) => {
        ctx.body = 'not to be seen';
      });
      const reply = await postEvents(await stage().serve(app.callback()), '/', body, headers);
      assert.equal(reply.status, 400);
      assert.equal(await reply.whole(), message);
    });
  }

  it('is refused when a stranger sends it', async () => {
    for (const options of [{}, { upstreamKey: 'another' }]) {
      const app = new Koa().use(stage().grip(gripProxy(options))).use((ctx) => {
        ctx.body = 'not to be seen';
      });
      const reply = await postEvents(await stage().serve(app.callback()), '/', events);
      assert.equal(reply.status, 403);
      assert.equal(await reply.whole(), 'Client not allowed to send WebSocket events directly.\n');
    }
  });
});

describe('ctx.grip of a Koa app', () => {
  const stage = useStage();
  const signed = { isProxied: true, isSigned: true, needsSigned: true, wsContext: null };
  const nobody = { isProxied: false, isSigned: false, needsSigned: false, wsContext: null };
  const show: Koa.Middleware = (ctx) => {
    ctx.body = ctx.grip ?? 'none';
  };

  async function seen(app: Koa, headers = {}): Promise<unknown> {
    return JSON.parse(await (await (await stage().serve(app.callback())).get('/', { headers })).whole());
  }

  it('says whom a request comes from', async () => {
    const app = (options = {}) => new Koa().use(stage().grip(gripProxy(options))).use(show);
    const front = { 'Grip-Sig': EVENTS_FIELDS['Grip-Sig'] };
    assert.deepEqual(await seen(app()), signed);
    assert.deepEqual(await seen(app({ sigKey: '' })), { ...signed, isSigned: false, needsSigned: false });
    assert.deepEqual(await seen(app({ upstreamKey: FRONT_KEY, sigKey: '' }), front), signed);
    const routes = [{ pathPrefix: '/elsewhere', target: 'http://127.0.0.1:1' }];
    assert.deepEqual(await seen(app({ routes })), nobody);
    assert.deepEqual(await seen(app({ routes, upstreamKey: FRONT_KEY }), front), signed);
  });

  it('is there when the app is wrapped', async () => {
    const grip = stage().grip(gripProxy());
    const site = await stage().serve(grip.wrap(new Koa().use(show)));
    assert.deepEqual(JSON.parse(await (await site.get('/')).whole()), signed);
  });

  it('is not on the request itself, where serve-grip has its own', async () => {
    const app = new Koa().use(stage().grip(gripProxy())).use((ctx) => {
      ctx.body = { grip: 'grip' in ctx.req };
    });
    assert.deepEqual(await seen(app), { grip: false });
  });

  it('is not there without the proxy', async () => {
    const app = new Koa().use(show);
    app.silent = true;
    assert.equal(await (await (await stage().serve(app.callback())).get('/')).whole(), 'none');
  });
});
