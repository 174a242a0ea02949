import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { wireRequest } from '../../../test/support/apps/wire.js';

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
    const grip = stage().grip(gripProxy());
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

describe('an Express app that answers with an instruct', () => {
  const stage = useStage();

  it('has each callback of write and end called once', async () => {
    const called: string[] = [];
    const note = (name: string) => () => {
      called.push(name);
    };
    const grip = stage().grip(gripProxy());
    const app = express();
    app.use(grip);
    const forms: RequestHandler[] = [
      (_req, res) => res.end(note('end(callback)')),
      (_req, res) => res.end('x', note('end(chunk, callback)')),
      (_req, res) => res.end('x', 'utf8', note('end(chunk, encoding, callback)')),
    ];
    forms.forEach((end, index) => {
      app.get(`/${index}`, (req, res, next) => {
        res.set(fields('stream'));
        res.write('a', note('write(chunk, callback)'));
        res.write('b', 'utf8', note('write(chunk, encoding, callback)'));
        end(req, res, next);
      });
    });
    const site = await stage().serve(app);
    for (const index of forms.keys())
      await (await site.get(`/${index}`)).until((text) => text.includes('ab'));
    const writes = ['write(chunk, callback)', 'write(chunk, encoding, callback)'];
    assert.deepEqual(called, [
      ...writes,
      'end(callback)',
      ...writes,
      'end(chunk, callback)',
      ...writes,
      'end(chunk, encoding, callback)',
    ]);
  });

  it('sees that it has answered', async () => {
    const seen: unknown[] = [];
    const grip = stage().grip(gripProxy());
    const app = express();
    app.use(grip);
    app.get('/', (_req, res) => {
      const look = () => seen.push([res.headersSent, res.writableEnded]);
      look();
      res.set(fields('stream'));
      look();
      res.write('a');
      look();
      res.end();
      look();
    });
    const site = await stage().serve(app);
    await (await site.get('/')).until((text) => text === 'a');
    assert.deepEqual(seen, [
      [false, false],
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('is not told of an error when the client leaves its hold later', async () => {
    const errors: unknown[] = [];
    const grip = stage().grip(gripProxy());
    const app = express();
    app.use(grip);
    let piped: Promise<void> | undefined;
    app.get('/', (_req, res) => {
      res.set(fields('stream'));
      piped = pipeline(Readable.from(['open']), res);
      return piped;
    });
    const onError: ErrorRequestHandler = (error, _req, _res, next) => {
      errors.push(error);
      next(error);
    };
    app.use(onError);
    const site = await stage().serve(app);
    const stream = await site.get('/');
    await stream.until((text) => text === 'open');
    stream.leave();
    await idle(grip);
    await piped;
    assert.deepEqual(errors, []);
  });

  it('may say what only concerns its own connection', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    app.get('/', (_req, res) => {
      res.writeHead(200, {
        ...fields('stream'),
        'Transfer-Encoding': 'chunked',
        Connection: 'keep-alive',
        'Keep-Alive': 'timeout=99',
        Date: 'Thu, 01 Jan 1970 00:00:00 GMT',
      });
      res.write('op');
      res.end('en');
    });
    app.get('/poll', (_req, res) => {
      res
        .writeHead(200, { ...fields('response'), 'Transfer-Encoding': 'chunked', 'Content-Length': '1' })
        .end();
    });
    app.get('/next', (_req, res) => void res.send('next'));
    const site = await stage().serve(app);
    const requests = [
      wireRequest('GET /'),
      wireRequest('GET /poll'),
      wireRequest('GET /next', ['Connection: close']),
    ];
    const bytes = site.raw(requests.join(''));
    await subscribed(grip, 'news', 2);
    await grip.publish('news', { 'http-stream': { action: 'close' }, 'http-response': 'hello' });
    const [stream = '', poll = '', next = ''] = (await bytes).split(/(?=HTTP\/1\.1)/);
    assert.match(stream, /\r\nTransfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(stream, /timeout=99/);
    assert.match(stream, /\r\n\r\n4\r\nopen\r\n0\r\n\r\n$/);
    assert.equal(stream.match(/\r\nDate:/g)?.length, 1);
    assert.match(poll, /\r\nContent-Length: 5\r\n/);
    assert.doesNotMatch(poll, /Transfer-Encoding/);
    assert.match(poll, /\r\n\r\nhello$/);
    assert.match(next, /next$/);
  });

  it('is not answered for by what comes after it', async () => {
    const grip = stage().grip(gripProxy());
    const app = express();
    app.use(grip);
    app.get('/', (_req, res, next) => {
      res.set(fields('stream')).send('open');
      next();
    });
    app.use((_req, res) => {
      if (!res.headersSent) res.status(404).send('not found');
    });
    const site = await stage().serve(app);
    const stream = await site.get('/');
    await stream.until((text) => text === 'open');
    await grip.publish('news', { 'http-stream': '!' });
    await stream.until((text) => text === 'open!');
  });
});
