import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { gripProxy, type Logger, type WebSocketContext } from '@p-8/express';
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import session from 'express-session';
import { EVENTS_FIELDS, FRONT_KEY, postEvents } from '../../../test/support/apps/events-front.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireBytes, wireRequest } from '../../../test/support/apps/wire.js';

type Ws = WebSocketContext;

/** Ways to answer after all has been said by the context. */
const answers: Record<string, RequestHandler> = {
  'res.end()': (_req, res) => void res.end(),
  "res.end('text')": (_req, res) => void res.end('text'),
  "res.send('')": (_req, res) => void res.send(''),
  "res.send('text')": (_req, res) => void res.send('text'),
  'res.json': (_req, res) => void res.json({ some: 'thing' }),
  'res.sendStatus(200)': (_req, res) => void res.sendStatus(200),
  'res.sendStatus(204)': (_req, res) => void res.sendStatus(204),
  'res.status(204).end()': (_req, res) => void res.status(204).end(),
  'a type and an ETag of its own': (_req, res) => void res.type('text').set('ETag', '"x"').send('text'),
  'writeHead, write and end': (_req, res) => {
    res.writeHead(200, 'Fine', { 'Content-Type': 'text/html', 'Content-Length': 4, ETag: '"x"' });
    res.flushHeaders();
    res.write('te');
    res.end('xt');
  },
  'writeHead with a list': (_req, res) => void res.writeHead(200, ['content-length', '0']).end(),
  'a length that is wrong': (_req, res) => void res.set('Content-Length', '100').end(),
  'a stream': (_req, res) => void Readable.from(['te', 'xt']).pipe(res),
};

const apps: Record<string, (grip: RequestHandler) => Express> = {
  'an Express app': (grip) => express().use(grip),
  'an Express app with compression before': (grip) => express().use(compression({ threshold: 0 }), grip),
  'an Express app with compression after': (grip) => express().use(grip, compression({ threshold: 0 })),
};

for (const [name, build] of Object.entries(apps)) {
  describe(`a request with WebSocket events, in ${name}`, () => {
    const stage = useStage();

    /** Serves an app that does something with the context, and then answers. */
    async function serve(act: (ws: Ws) => void, answer: RequestHandler) {
      const app = build(stage().grip(gripProxy({ upstreamKey: FRONT_KEY })));
      // Or errors are written to the console.
      app.set('env', 'test');
      app.post('/', (req, res, next) => {
        const ws = req.grip.wsContext;
        assert.ok(ws !== null);
        act(ws);
        return answer(req, res, next);
      });
      return await stage().serve(app);
    }

    for (const [way, answer] of Object.entries(answers)) {
      it(`is answered with what the context sends by ${way}`, async () => {
        const site = await serve((ws) => {
          ws.accept();
          ws.subscribe('room');
          ws.send(`héllo ${ws.recv()}`);
          ws.meta.user = 'bob';
        }, answer);
        const reply = await postEvents(site, '/', 'OPEN\r\nTEXT 2\r\nyo\r\n', {
          'Accept-Encoding': 'gzip',
          'Meta-User': 'alice',
        });
        const subscribe = 'c:{"type":"subscribe","channel":"room"}';
        const body = `OPEN\r\nTEXT 27\r\n${subscribe}\r\nTEXT b\r\nm:héllo yo\r\n`;
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
        (_req, res) => void res.send('text'),
      );
      const reply = await postEvents(site, '/', '');
      assert.equal(await reply.whole(), '');
      assert.equal(reply.headers['content-type'], 'application/websocket-events');
      assert.equal(reply.headers['content-length'], '0');
    });

    it('is answered with the fields that the handler has set', async () => {
      const site = await serve(
        (ws) => ws.accept(),
        (_req, res) => {
          res.cookie('a', '1').cookie('b', '2').set('Keep-Alive-Interval', '30');
          res.writeHead(200, { 'Sec-WebSocket-Protocol': 'chat' }).end();
        },
      );
      const { headers } = await postEvents(site, '/', 'OPEN\r\n');
      assert.deepEqual(headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
      assert.equal(headers['keep-alive-interval'], '30');
      assert.equal(headers['sec-websocket-protocol'], 'chat');
    });

    for (const status of [201, 302, 400, 403, 500, 503]) {
      it(`is answered with the handler's own ${status} and its body`, async () => {
        const site = await serve(
          (ws) => {
            ws.accept();
            ws.meta.user = 'x';
          },
          (_req, res) => void res.status(status).type('text').send('no'),
        );
        const reply = await postEvents(site, '/', 'OPEN\r\n');
        assert.equal(reply.status, status);
        assert.equal(await reply.whole(), 'no');
        assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8');
        assert.equal(reply.headers['sec-websocket-extensions'], undefined);
        assert.equal(reply.headers['set-meta-user'], undefined);
      });
    }

    it('is answered with 404 when the handler does not answer', async () => {
      const site = await serve(
        (ws) => ws.accept(),
        (_req, _res, next) => next(),
      );
      assert.equal((await postEvents(site, '/', 'OPEN\r\n')).status, 404);
    });

    it('is answered with 500 when the handler throws, whatever it has written', async () => {
      const site = await serve(
        (ws) => ws.accept(),
        (_req, res) => {
          res.writeHead(200);
          res.write('some');
          throw new Error('oops');
        },
      );
      const reply = await postEvents(site, '/', 'OPEN\r\n');
      assert.equal(reply.status, 500);
      assert.match(reply.headers['content-type'] ?? '', /^text\/html/);
    });
  });
}

describe('a request with WebSocket events, in an Express app', () => {
  const stage = useStage();

  for (const [way, answer] of Object.entries(answers)) {
    it(`is answered as ever by a handler that does not look at the context, with ${way}`, async () => {
      const request = wireRequest(
        'POST /',
        [...Object.entries({ ...EVENTS_FIELDS, Connection: 'close' }).map((field) => field.join(': '))],
        'OPEN\r\n',
      );
      const [plain, proxied] = await Promise.all(
        [[], [stage().grip(gripProxy({ upstreamKey: FRONT_KEY }))]].map((middleware) => {
          const app = express().use(...middleware, (_req, _res, next) => next());
          return wireBytes(stage(), app.post('/', answer), [request]);
        }),
      );
      assert.equal(proxied, plain);
    });
  }

  it('has the callbacks of a handler called', async () => {
    const app = express().use(stage().grip(gripProxy({ upstreamKey: FRONT_KEY })));
    const called: string[] = [];
    const ended = new Promise<void>((resolve) => {
      app.post('/', (req, res) => {
        req.grip.wsContext?.accept();
        res.write('text', () => {
          called.push('write');
          res.end(() => resolve());
        });
      });
    });
    assert.equal(await (await postEvents(await stage().serve(app), '/', 'OPEN\r\n')).whole(), 'OPEN\r\n');
    await ended;
    assert.deepEqual(called, ['write']);
  });

  it('has the cookie of a session that is mounted after the proxy', async () => {
    const app = express().use(
      stage().grip(gripProxy({ upstreamKey: FRONT_KEY })),
      session({ secret: 'x', resave: false, saveUninitialized: true }),
    );
    app.post('/', (req, res) => {
      req.grip.wsContext?.accept();
      res.send('');
    });
    const reply = await postEvents(await stage().serve(app), '/', 'OPEN\r\n');
    assert.equal(await reply.whole(), 'OPEN\r\n');
    assert.match(String(reply.headers['set-cookie']), /^connect\.sid=/);
  });

  it('is answered with 500 when the meta cannot be sent, even by a stream', async () => {
    const log: string[] = [];
    const note = (fields: { err?: Error }, message: string) => log.push(`${message}: ${fields.err?.message}`);
    const logger: Logger = { error: note, warn: note, info: note, debug: () => {} };
    const app = express().use(stage().grip(gripProxy({ upstreamKey: FRONT_KEY, logger })));
    app.post('/', (req, res) => {
      if (req.grip.wsContext !== null) req.grip.wsContext.meta.name = 'a\r\nb';
      Readable.from(['text']).pipe(res);
    });
    const reply = await postEvents(await stage().serve(app), '/', 'OPEN\r\n');
    assert.equal(reply.status, 500);
    assert.equal(await reply.whole(), 'The events cannot be sent.\n');
    assert.deepEqual(log, [
      "the WebSocket events of a response cannot be sent: The meta 'name' cannot be sent.",
    ]);
  });
});
