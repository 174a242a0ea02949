import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';
import compress from 'koa-compress';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireBytes, wireRequest } from '../../../test/support/apps/wire.js';

/** Handlers of plain responses, and what their bytes must have in them if the test is to mean anything. */
const plain: Record<string, [(ctx: Koa.Context) => unknown, RegExp]> = {
  'a string': [
    (ctx) => {
      ctx.body = 'text';
    },
    /Content-Length: 4\r/,
  ],
  'a Buffer': [
    (ctx) => {
      ctx.body = Buffer.from('é');
    },
    /Content-Length: 2\r/,
  ],
  JSON: [
    (ctx) => {
      ctx.body = { a: 1 };
    },
    /application\/json[\s\S]*\{"a":1\}/,
  ],
  'a stream': [
    (ctx) => {
      ctx.type = 'text';
      ctx.body = Readable.from(['a', 'b'], { objectMode: false });
    },
    /Transfer-Encoding: chunked/,
  ],
  'a stream of known length': [
    (ctx) => {
      ctx.body = Readable.from(['a', 'b'], { objectMode: false });
      ctx.length = 2;
    },
    /Content-Length: 2\r/,
  ],
  'a Blob': [
    (ctx) => {
      ctx.body = new Blob(['text']);
    },
    /text/,
  ],
  'no body': [() => {}, /404 Not Found/],
  'null as body': [
    (ctx) => {
      ctx.body = null;
    },
    /204 No Content/,
  ],
  'a status': [
    (ctx) => {
      ctx.status = 304;
    },
    /304 Not Modified/,
  ],
  'a redirect': [(ctx) => ctx.redirect('/elsewhere'), /302 Found/],
  'ctx.throw': [(ctx) => ctx.throw(418, 'teapot'), /418 I'm a Teapot/],
  'cookies and fields': [
    (ctx) => {
      ctx.cookies.set('a', '1');
      ctx.cookies.set('b', '2');
      ctx.append('X-A', '1');
      ctx.append('X-A', '2');
      ctx.body = 'text';
    },
    /X-A: 1\r\nX-A: 2/,
  ],
  'long text': [
    (ctx) => {
      ctx.body = 'long'.repeat(1000);
    },
    /200 OK/,
  ],
  'ctx.res without ctx.respond': [
    async (ctx) => {
      ctx.respond = false;
      ctx.res.statusCode = 200;
      ctx.res.write('a');
      await setImmediate();
      ctx.res.end('b');
    },
    /1\r\na\r\n1\r\nb\r\n0\r\n\r\n/,
  ],
  'ctx.res.end': [(ctx) => void ctx.res.writeHead(200, { 'X-A': ['1', '2'] }).end('x'), /X-A: 1\r\nX-A: 2/],
};

const apps: Record<string, (proxy: Koa.Middleware | undefined) => Koa> = {
  'a Koa app': (proxy) => use(new Koa(), proxy),
  'a Koa app with koa-compress before the proxy': (proxy) => use(new Koa().use(compress()), proxy),
  'a Koa app with koa-compress after the proxy': (proxy) => use(new Koa(), proxy).use(compress()),
};

function use(app: Koa, proxy: Koa.Middleware | undefined): Koa {
  app.silent = true;
  return proxy === undefined ? app : app.use(proxy);
}

for (const [name, build] of Object.entries(apps)) {
  describe(`the plain responses of ${name}`, () => {
    const stage = useStage();

    /** The same app without the proxy, behind `app.use`, and wrapped. */
    function mountings(handler: (ctx: Koa.Context) => unknown): RequestListener[] {
      const grip = stage().grip(gripProxy());
      const answered = (app: Koa) =>
        app.use(async (ctx) => {
          await handler(ctx);
        });
      return [
        answered(build(undefined)).callback(),
        answered(build(grip)).callback(),
        grip.wrap(answered(build(undefined))),
      ];
    }

    for (const [way, [handler, expected]] of Object.entries(plain)) {
      it(`by ${way}, stay as they are, byte for byte`, async () => {
        const requests = [
          wireRequest('GET /'),
          wireRequest('HEAD /', ['Accept-Encoding: gzip']),
          wireRequest('POST /', ['Accept-Encoding: br', 'If-None-Match: "x"'], 'body'),
          wireRequest('GET /', ['Accept-Encoding: gzip', 'Connection: close']),
        ];
        const [bare, ...others] = mountings(handler);
        assert.ok(bare);
        const bytes = await wireBytes(stage(), bare, requests);
        if (name === 'a Koa app') assert.match(bytes, expected);
        for (const other of others) assert.equal(await wireBytes(stage(), other, requests), bytes);
      });
    }

    it('to HTTP/1.0 clients, stay as they are', async () => {
      const requests = ['GET / HTTP/1.0\r\n\r\n'];
      const [bare, ...others] = mountings((ctx) => {
        ctx.body = Readable.from(['a', 'b'], { objectMode: false });
      });
      assert.ok(bare);
      const bytes = await wireBytes(stage(), bare, requests);
      for (const other of others) assert.equal(await wireBytes(stage(), other, requests), bytes);
    });
  });
}
