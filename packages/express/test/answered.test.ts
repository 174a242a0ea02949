import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gripProxy } from '@p-8/express';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { wireRequest } from '../../../test/support/apps/wire.js';

const fields = (mode: 'stream' | 'response') => ({
  'Content-Type': 'text/plain',
  'Grip-Hold': mode,
  'Grip-Channel': 'news',
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

  it('has the callback of a plain answer called once', async () => {
    let called = 0;
    const grip = stage().grip(gripProxy());
    const app = express().use(grip, (_req, res) => {
      res.set('Content-Length', '1').end('x', 'utf8', () => {
        called++;
      });
    });
    const site = await stage().serve(app);
    assert.equal(await (await site.get('/')).whole(), 'x');
    assert.equal(called, 1);
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
