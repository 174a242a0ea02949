import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, type GripProxyOptions, gripProxy, type Logger } from '@p-8/express';
import express, { type Express, type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle } from '../../../test/support/apps/watch.js';

const failures: Record<string, RequestHandler> = {
  throws: () => {
    throw new Error('boom');
  },
  rejects: async () => {
    await setImmediate();
    throw new Error('boom');
  },
  'calls next with an error': (_req, _res, next) => next(new Error('boom')),
  'throws after it has set Grip fields': (_req, res) => {
    res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
    throw new Error('boom');
  },
};

describe('an Express app with a handler that fails', () => {
  const stage = useStage();

  function app(handler: RequestHandler): [GripMiddleware, Express] {
    const grip = stage().grip(gripProxy());
    const express5 = express().set('env', 'test').use(grip);
    express5.get('/', handler);
    return [grip, express5];
  }

  for (const [failure, handler] of Object.entries(failures)) {
    it(`that ${failure} has its error handler asked, and what that answers sent`, async () => {
      const [grip, express5] = app(handler);
      const onError: express.ErrorRequestHandler = (error, _req, res, _next) => {
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        res.status(503).send(`sorry: ${error.message}`);
      };
      express5.use(onError);
      const reply = await (await stage().serve(express5)).get('/');
      assert.equal(reply.status, 503);
      assert.equal(await reply.whole(), 'sorry: boom');
      await idle(grip);
    });
  }

  it("gets Express's own answer where there is no error handler", async () => {
    const [, express5] = app(() => {
      throw new Error('boom');
    });
    const reply = await (await stage().serve(express5)).get('/');
    assert.equal(reply.status, 500);
    assert.match(await reply.whole(), /boom/);
  });

  it("gets Express's 404 where no handler answers", async () => {
    const [, express5] = app((_req, _res, next) => next());
    assert.equal((await (await stage().serve(express5)).get('/')).status, 404);
  });

  it('may hold clients by its error handler', async () => {
    const [grip, express5] = app(() => {
      throw new Error('boom');
    });
    const onError: express.ErrorRequestHandler = (_error, _req, res, _next) => {
      res.status(500).set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('held');
    };
    express5.use(onError);
    const stream = await (await stage().serve(express5)).get('/');
    assert.equal(stream.status, 500);
    await stream.until((text) => text === 'held');
    assert.equal(grip.stats().sessions, 1);
  });
});

describe('an Express app with a broken instruct', () => {
  const stage = useStage();
  const reason =
    "Failed to parse accept instructions: Grip-Hold must be set to either 'response' or 'stream'";

  async function ask(options: GripProxyOptions, handler: RequestHandler) {
    const log: string[] = [];
    const note = (fields: object, message: string) => log.push(`${message}: ${JSON.stringify(fields)}`);
    const logger: Logger = { error: note, warn: note, info: note, debug: () => {} };
    const grip = stage().grip(gripProxy({ logger, ...options }));
    const app = express().use(grip);
    app.get('/', handler);
    const reply = await (await stage().serve(app)).get('/');
    const body = await reply.whole();
    await idle(grip);
    return { log, reply, body };
  }

  const broken: RequestHandler = (_req, res) => void res.set('Grip-Hold', 'forever').send('open');

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

  it('is answered 502 for JSON that is none', async () => {
    const { reply, body } = await ask({ debug: true, jsonInstructs: true }, (_req, res) => {
      res.type('application/grip-instruct').send('{');
    });
    assert.equal(reply.status, 502);
    assert.match(body, /failed to parse application\/grip-instruct content as JSON/);
  });

  it('is answered 502 for an instruct that is too large', async () => {
    const { reply, body } = await ask({ debug: true }, (_req, res) => {
      res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('x'.repeat(100_001));
    });
    assert.equal(reply.status, 502);
    assert.match(body, /^GRIP instruct response too large/);
  });

  it('is answered 502 for a body that cannot be decoded', async () => {
    const { reply, body } = await ask({ debug: true }, (_req, res) => {
      res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news', 'Content-Encoding': 'gzip' }).end('not gzip');
    });
    assert.equal(reply.status, 502);
    assert.match(body, /cannot be decoded/);
  });

  it('has a broken item refused, and nothing published', async () => {
    const grip = stage().grip(gripProxy());
    const publish = grip.publish('news', { 'http-stream': { action: 'explode' } } as never);
    await assert.rejects(publish, { code: 'GRIP_ERR_INVALID_ITEM' });
  });
});
