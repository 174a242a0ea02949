import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { gripProxy, type WebSocketContext } from '@p-8/koa';
import Koa from 'koa';
import compress from 'koa-compress';
import { EVENTS_FIELDS, FRONT_KEY, postEvents } from '../../../test/support/apps/events-front.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireBytes, wireRequest } from '../../../test/support/apps/wire.js';

type Answer = (ctx: Koa.Context) => unknown;

/** Ways to answer after all has been said by the context. */
const answers: Record<string, Answer> = {
  nothing: () => {},
  'ctx.body = null': (ctx) => {
    ctx.body = null;
  },
  'ctx.body = undefined': (ctx) => {
    ctx.body = undefined;
  },
  "ctx.body = ''": (ctx) => {
    ctx.body = '';
  },
  "ctx.body = 'text'": (ctx) => {
    ctx.body = 'text';
  },
  'an object': (ctx) => {
    ctx.body = { some: 'thing' };
  },
  'ctx.status = 200': (ctx) => {
    ctx.status = 200;
  },
  'ctx.status = 204': (ctx) => {
    ctx.status = 204;
  },
  'a type, a length and an ETag of its own': (ctx) => {
    ctx.body = 'text';
    ctx.type = 'html';
    ctx.length = 100;
    ctx.etag = 'x';
  },
  'a stream': (ctx) => {
    ctx.body = Readable.from(['te', 'xt']);
  },
  'ctx.res.end()': (ctx) => {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    ctx.res.end('text');
  },
};

const apps: Record<string, (grip: Koa.Middleware) => Koa> = {
  'a Koa app': (grip) => new Koa().use(grip),
  'a Koa app with koa-compress before': (grip) => new Koa().use(compress({ threshold: 0 })).use(grip),
  'a Koa app with koa-compress after': (grip) => new Koa().use(grip).use(compress({ threshold: 0 })),
};

for (const [name, build] of Object.entries(apps)) {
  describe(`a request with WebSocket events, in ${name}`, () => {
    const stage = useStage();

    /** Serves an app that does something with the context, and then answers. */
    async function serve(act: (ws: WebSocketContext) => void, answer: Answer) {
      const app = build(stage().grip(gripProxy({ upstreamKey: FRONT_KEY })));
      app.silent = true;
      app.use((ctx) => {
        const ws = ctx.grip.wsContext;
        assert.ok(ws !== null);
        act(ws);
        return answer(ctx);
      });
      return await stage().serve(app.callback());
    }

    for (const [way, answer] of Object.entries(answers)) {
      it(`is answered with what the context sends by ${way}`, async () => {
        const site = await serve((ws) => {
          ws.accept();
          ws.send(`héllo ${ws.recv()}`);
          ws.meta.user = 'bob';
        }, answer);
        const reply = await postEvents(site, '/', 'OPEN\r\nTEXT 2\r\nyo\r\n', {
          'Accept-Encoding': 'gzip',
          'Meta-User': 'alice',
        });
        const body = 'OPEN\r\nTEXT b\r\nm:héllo yo\r\n';
        assert.equal(await reply.whole(), body);
        assert.deepEqual([reply.status, reply.reason], [200, 'OK']);
        const { headers } = reply;
        assert.equal(headers['content-type'], 'application/websocket-events');
        assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
        assert.equal(headers['sec-websocket-extensions'], 'grip');
        assert.equal(headers['set-meta-user'], 'bob');
        for (const absent of ['etag', 'transfer-encoding', 'content-encoding']) {
          assert.equal(headers[absent], undefined, absent);
        }
      });
    }

    it('is answered with nothing by a context that sends nothing', async () => {
      const site = await serve(
        (ws) => assert.equal(ws.canRecv(), false),
        () => {},
      );
      for (const body of ['', 'PONG\r\n']) {
        const reply = await postEvents(site, '/', body);
        assert.equal(reply.status, 200);
        assert.equal(await reply.whole(), '');
        assert.equal(reply.headers['content-type'], 'application/websocket-events');
      }
    });

    it('is answered with 404 when the handler lets nobody in, and says nothing', async () => {
      const site = await serve(
        (ws) => assert.equal(ws.isOpening(), true),
        () => {},
      );
      const reply = await postEvents(site, '/', 'OPEN\r\n');
      assert.equal(reply.status, 404);
      assert.equal(await reply.whole(), 'Not Found');
    });

    it("is answered with the handler's own error", async () => {
      const answers: [Answer, number, string][] = [
        [(ctx) => Object.assign(ctx, { status: 404 }), 404, 'Not Found'],
        [(ctx) => ctx.throw(403, 'who are you?'), 403, 'who are you?'],
        [(ctx) => Object.assign(ctx, { status: 503, body: 'later' }), 503, 'later'],
        [() => Promise.reject(new Error('oops')), 500, 'Internal Server Error'],
      ];
      for (const [answer, status, body] of answers) {
        const site = await serve((ws) => ws.accept(), answer);
        const reply = await postEvents(site, '/', 'OPEN\r\n');
        assert.equal(reply.status, status);
        assert.equal(await reply.whole(), body);
        assert.equal(reply.headers['sec-websocket-extensions'], undefined);
      }
    });

    it('is answered with the fields that the handler has set', async () => {
      const site = await serve(
        (ws) => ws.accept(),
        (ctx) => {
          ctx.cookies.set('a', '1');
          ctx.set({ 'Keep-Alive-Interval': '30', 'Sec-WebSocket-Protocol': 'chat' });
        },
      );
      const { headers } = await postEvents(site, '/', 'OPEN\r\n');
      assert.deepEqual(headers['set-cookie'], ['a=1; path=/; httponly']);
      assert.equal(headers['keep-alive-interval'], '30');
      assert.equal(headers['sec-websocket-protocol'], 'chat');
    });
  });
}

describe('a request with WebSocket events, in a Koa app', () => {
  const stage = useStage();

  for (const [way, answer] of Object.entries(answers)) {
    it(`is answered as ever by a handler that does not look at the context, with ${way}`, async () => {
      const fields = Object.entries({ ...EVENTS_FIELDS, Connection: 'close' }).map((field) =>
        field.join(': '),
      );
      const request = wireRequest('POST /', fields, 'OPEN\r\n');
      const apps = [new Koa(), new Koa().use(stage().grip(gripProxy({ upstreamKey: FRONT_KEY })))];
      const [plain, proxied] = await Promise.all(
        apps.map((app) => {
          const listener = app.use((ctx) => void answer(ctx)).callback();
          return wireBytes(stage(), listener, [request]);
        }),
      );
      assert.equal(proxied, plain);
    });
  }

  it('has the middleware before the proxy see how it was answered', async () => {
    const seen: unknown[] = [];
    const app = new Koa().use(async (ctx, next) => {
      await next();
      seen.push([ctx.status, ctx.body]);
    });
    app.use(stage().grip(gripProxy({ upstreamKey: FRONT_KEY })));
    app.use((ctx) => ctx.grip.wsContext?.accept());
    const site = await stage().serve(app.callback());
    assert.equal(await (await postEvents(site, '/', 'OPEN\r\n')).whole(), 'OPEN\r\n');
    assert.equal((await postEvents(site, '/', 'OPEN')).status, 400);
    assert.equal((await postEvents(site, '/', 'OPEN\r\n', { 'Grip-Sig': 'forged' })).status, 403);
    assert.equal(seen.length, 3);
    assert.deepEqual(seen[0], [200, undefined]);
  });
});
