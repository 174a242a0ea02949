import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type Request, type RequestHandler, type Response } from 'express';
import session from 'express-session';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireBytes, wireRequest } from '../../../test/support/apps/wire.js';
import { notePieces } from '../../../test/support/note-pieces.js';
import { plainHandlers } from './plain-handlers.js';

const apps: Record<string, (proxy: RequestHandler | undefined) => express.Express> = {
  'an Express app': (proxy) => {
    const app = express();
    if (proxy !== undefined) app.use(proxy);
    return app;
  },
  'an Express app with compression before the proxy': (proxy) => {
    const app = express().use(compression());
    if (proxy !== undefined) app.use(proxy);
    return app;
  },
  'an Express app with compression after the proxy': (proxy) => {
    const app = express();
    if (proxy !== undefined) app.use(proxy);
    return app.use(compression());
  },
  'an Express app with express-session before the proxy': (proxy) => {
    const app = express().use(sessions());
    if (proxy !== undefined) app.use(proxy);
    return app;
  },
  'an Express app with express-session after the proxy': (proxy) => {
    const app = express();
    if (proxy !== undefined) app.use(proxy);
    return app.use(sessions());
  },
};

/** The same session for all: what it sends does not depend on chance. */
const sessions = (): RequestHandler =>
  session({ secret: 'x', genid: () => 'id', resave: false, saveUninitialized: true, rolling: true });

for (const [name, build] of Object.entries(apps)) {
  describe(`the plain responses of ${name}`, () => {
    const stage = useStage();

    /** The same app without the proxy, behind `app.use`, and wrapped. */
    function mountings(path: string, handler: RequestHandler): Record<string, RequestListener> {
      const quiet = (app: express.Express) => app.set('env', 'test').use(path, handler);
      const grip = stage().grip(gripProxy());
      return {
        bare: quiet(build(undefined)),
        mounted: quiet(build(grip)),
        wrapped: grip.wrap(quiet(build(undefined))),
      };
    }

    for (const [way, [handler, expected]] of Object.entries(plainHandlers)) {
      // The compression takes the callback for a body, with or without us.
      if (way === 'res.end(callback)' && name !== 'an Express app') continue;
      it(`by ${way}, stay as they are, byte for byte`, async () => {
        const requests = [
          wireRequest('GET /'),
          wireRequest('HEAD /', ['Accept-Encoding: gzip']),
          wireRequest('POST /', ['Accept-Encoding: br', 'If-None-Match: "x"'], 'body'),
          wireRequest('GET /', ['Accept-Encoding: gzip', 'Connection: close']),
        ];
        const { bare, mounted, wrapped } = mountings('/', handler);
        assert.ok(bare && mounted && wrapped);
        const bytes = await wireBytes(stage(), bare, requests);
        if (name === 'an Express app') assert.match(bytes, expected);
        assert.equal(await wireBytes(stage(), mounted, requests), bytes);
        assert.equal(await wireBytes(stage(), wrapped, requests), bytes);
      });
    }

    it('to HTTP/1.0 clients, stay as they are', async () => {
      const { bare, mounted } = mountings('/', (_req, res) => void Readable.from(['a', 'b']).pipe(res));
      assert.ok(bare && mounted);
      const requests = ['GET / HTTP/1.0\r\n\r\n'];
      assert.equal(await wireBytes(stage(), mounted, requests), await wireBytes(stage(), bare, requests));
    });
  });
}

describe('the plain responses of an Express app', () => {
  const stage = useStage();

  it('leave in one piece when they are small and have a length', async () => {
    let calls: string[][] = [];
    const note: RequestHandler = (req, _res, next) => {
      calls = notePieces(req.socket);
      next();
    };
    const app = express().use(note, stage().grip(gripProxy()), (_req, res) => void res.send('text'));
    await wireBytes(stage(), app, [wireRequest('GET /', ['Connection: close'])]);
    assert.equal(calls.length, 1);
    assert.match(calls[0]?.join('|') ?? '', /^HTTP\/1\.1 200 OK\r\n[^|]*\r\n\r\ntext$/);
  });

  it('whose head has been sent before the proxy is asked, stay as they are', async () => {
    const early: RequestHandler = (_req, res, next) => {
      res.type('text').flushHeaders();
      next();
    };
    for (const answer of [
      (_req: Request, res: Response) => void res.end('end'),
      (_req: Request, res: Response) => void Readable.from(['a', 'b']).pipe(res),
    ]) {
      const requests = [wireRequest('GET /', ['Connection: close'])];
      const bare = express().use(early, answer);
      const mounted = express().use(early, stage().grip(gripProxy()), answer);
      assert.equal(await wireBytes(stage(), mounted, requests), await wireBytes(stage(), bare, requests));
    }
  });
});
