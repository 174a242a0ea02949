import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';

type Mode = 'stream' | 'response';

const fields = (mode: Mode) => ({
  'Content-Type': 'text/plain',
  'Grip-Hold': mode,
  'Grip-Channel': 'news',
  'X-App': ['one', 'two'],
});
const list = (mode: Mode): string[] =>
  Object.entries(fields(mode)).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]));

/** Ways of an Express handler to answer with the text `open`, to be held on the channel `news`. */
const ways: Record<string, (mode: Mode) => RequestHandler> = {
  'res.send': (mode) => (_req, res) => {
    res.set(fields(mode)).send('open');
  },
  'res.json as application/grip-instruct': (mode) => (_req, res) => {
    res.type('application/grip-instruct').json({
      hold: { mode, channels: [{ name: 'news' }] },
      response: {
        headers: [
          ['Content-Type', 'text/plain'],
          ['X-App', 'one'],
          ['X-App', 'two'],
        ],
        body: 'open',
      },
    });
  },
  'res.writeHead with an object': (mode) => (_req, res) => {
    res.writeHead(200, fields(mode)).end('open');
  },
  'res.writeHead with a reason and an object': (mode) => (_req, res) => {
    res.writeHead(200, 'Fine', fields(mode)).end('open');
  },
  'res.writeHead with a flat array': (mode) => (_req, res) => {
    res.writeHead(200, list(mode)).end('open');
  },
  'res.writeHead with an array after res.set': (mode) => (_req, res) => {
    res.set('X-App', 'replaced');
    res.writeHead(200, list(mode)).end('open');
  },
  'res.writeHead with pairs': (mode) => (_req, res) => {
    // Node takes pairs as well; its types do not know.
    res.writeHead(200, Object.entries(fields(mode)) as unknown as string[]).end('open');
  },
  'write, write and end': (mode) => (_req, res) => {
    res.set(fields(mode));
    res.write('o');
    res.write(Buffer.from('pe'));
    res.end(new Uint8Array([0x6e]));
  },
  'write and end with encodings': (mode) => (_req, res) => {
    res.set(fields(mode));
    res.write('6f70', 'hex');
    res.end('ZW4=', 'base64');
  },
  'flushHeaders, then write and end': (mode) => async (_req, res) => {
    res.set(fields(mode)).flushHeaders();
    await setImmediate();
    res.write('op');
    await setImmediate();
    res.end('en');
  },
  'cork, write and end': (mode) => (_req, res) => {
    res.set(fields(mode));
    res.cork();
    res.write('op');
    res.end('en');
  },
  'res.sendFile': (mode) => (_req, res) => {
    res.set(fields(mode)).sendFile(join(import.meta.dirname, 'fixtures/open.txt'));
  },
  'stream.pipe': (mode) => (_req, res) => {
    res.set(fields(mode));
    Readable.from(['op', 'en']).pipe(res);
  },
  'stream.pipeline': (mode) => async (_req, res) => {
    res.set(fields(mode));
    await pipeline(Readable.from(['op', 'en']), res);
  },
  'stream.pipeline from a generator': (mode) => async (_req, res) => {
    res.set(fields(mode));
    await pipeline(async function* () {
      yield 'op';
      await setImmediate();
      yield 'en';
    }, res);
  },
  'an async iterator that waits for drain': (mode) => async (_req, res) => {
    res.set(fields(mode));
    for await (const chunk of Readable.from(['op', 'en'])) {
      if (!res.write(chunk)) await once(res, 'drain');
    }
    res.end();
  },
  'a handler that takes its time': (mode) => async (_req, res) => {
    await setImmediate();
    await setImmediate();
    res.set(fields(mode)).send('open');
  },
};

describe('an Express app holds its clients', () => {
  const stage = useStage();

  async function mounted(
    handler: RequestHandler,
    wrapped = false,
  ): Promise<[GripMiddleware, RequestListener]> {
    const grip = stage().grip(gripProxy({ jsonInstructs: true }));
    const app = express();
    if (!wrapped) app.use(grip);
    app.get('/', handler);
    return [grip, wrapped ? grip.wrap(app) : app];
  }

  for (const [way, handler] of Object.entries(ways)) {
    for (const wrapped of [false, true]) {
      it(`answered by ${way}${wrapped ? ', wrapped' : ''}: a stream`, async () => {
        const [grip, app] = await mounted(handler('stream'), wrapped);
        const site = await stage().serve(app);
        const stream = await site.get('/');
        assert.equal(await stream.until((text) => text.length >= 4), 'open');
        assert.equal(stream.status, 200);
        assert.deepEqual(stream.gripFields, []);
        assert.match(String(stream.headers['content-type']), /^text\/plain/);
        assert.equal(stream.headers['x-app'], 'one, two');
        assert.equal(stream.headers['transfer-encoding'], 'chunked');
        assert.equal(stream.headers.etag, undefined);
        await subscribed(grip, 'news');
        const receipt = await grip.publish('news', { 'http-stream': ', hello' });
        assert.equal(receipt.delivered, 1);
        await stream.until((text) => text === 'open, hello');
        await grip.publish('news', { 'http-stream': { action: 'close' } });
        assert.equal(await stream.whole(), 'open, hello');
        await idle(grip);
      });
    }

    it(`answered by ${way}: a long-poll`, async () => {
      const [grip, app] = await mounted(handler('response'));
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
    });
  }
});
