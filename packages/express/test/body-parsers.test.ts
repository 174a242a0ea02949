import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import express, { type Express, type RequestHandler } from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { idle, subscribed } from '../../../test/support/apps/watch.js';
import { eventually } from '../../../test/support/eventually.js';

const parsers = (): RequestHandler[] => [
  express.json(),
  express.urlencoded({ extended: true }),
  express.text(),
  express.raw(),
];

/** The body arrives meanwhile. */
const slow: RequestHandler = (req, _res, next) => {
  req.once('readable', () => next());
};

const orders: Record<string, (grip: GripMiddleware) => Express> = {
  'body parsers before the proxy': (grip) => express().use(parsers(), grip),
  'body parsers after the proxy': (grip) => express().use(grip, parsers()),
  'a slow middleware before the proxy': (grip) => express().use(slow, grip, parsers()),
};

const bodies: [type: string, body: string, parsed: unknown][] = [
  ['application/json', '{"a":1,"b":[true,null]}', { a: 1, b: [true, null] }],
  ['application/json; charset=utf-8', '{"é":"€"}', { é: '€' }],
  ['application/json', '[1,2]', [1, 2]],
  ['application/x-www-form-urlencoded', 'a=1&b=x+y%26z', { a: '1', b: 'x y&z' }],
  ['application/x-www-form-urlencoded', 'a=1&a=2', { a: ['1', '2'] }],
  ['application/x-www-form-urlencoded', 'a[b]=1&a[c][d]=2', { a: { b: '1', c: { d: '2' } } }],
  ['text/plain', 'plain text, é', 'plain text, é'],
  ['application/octet-stream', 'bytes', { type: 'Buffer', data: [...Buffer.from('bytes')] }],
];

for (const [order, build] of Object.entries(orders)) {
  describe(`a POST that is answered by a retried long-poll, in an Express app with ${order}`, () => {
    const stage = useStage();

    async function start() {
      const grip = stage().grip(gripProxy());
      const app = build(grip);
      let polls = 0;
      app.post('/', (req, res) => {
        if (polls++ > 0) res.json(req.body);
        else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('nothing');
      });
      return { grip, site: await stage().serve(app) };
    }

    for (const [type, body, parsed] of bodies) {
      it(`has the app see ${body} as ${type} again`, async () => {
        const { grip, site } = await start();
        const reply = site.post('/', body, { 'Content-Type': type });
        await subscribed(grip, 'news');
        await grip.publish('news', { 'http-response': { action: 'hint' } });
        assert.deepEqual(JSON.parse(await (await reply).whole()), parsed);
        await idle(grip);
      });
    }

    it('has the app see a compressed body again', async () => {
      const { grip, site } = await start();
      const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
      const reply = site.post('/', zlib.gzipSync('{"a":1}'), headers);
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      assert.deepEqual(JSON.parse(await (await reply).whole()), { a: 1 });
    });

    it('has the app see a chunked body again', async () => {
      const { grip, site } = await start();
      const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
      const chunked = ['7', '{"a":1}', '0', '', ''].join('\r\n');
      const fields = Object.entries({ Host: 'a', Connection: 'close', ...headers }).map((field) =>
        field.join(': '),
      );
      const bytes = site.raw(['POST / HTTP/1.1', ...fields, '', chunked].join('\r\n'));
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      assert.match(await bytes, /\r\n\r\n\{"a":1\}$/);
    });

    it('has no body where there was none', async () => {
      const { grip, site } = await start();
      const reply = site.post('/', '', {});
      await subscribed(grip, 'news');
      await grip.publish('news', { 'http-response': { action: 'hint' } });
      assert.equal(await (await reply).whole(), '');
    });
  });
}

describe('a POST whose body the app does not read', () => {
  const stage = useStage();

  it('is received while its client is held, and sent again whole', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    const requests: express.Request[] = [];
    app.post('/', (req, res) => {
      if (requests.push(req) > 1) req.pipe(res);
      else res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('nothing');
    });
    const site = await stage().serve(app);
    const body = 'x'.repeat(90_000);
    const poll = site.post('/', body);
    await subscribed(grip, 'news');
    await eventually(() => requests[0]?.complete === true, 'a whole request');
    await grip.publish('news', { 'http-response': { action: 'hint' } });
    assert.equal((await (await poll).whole()).length, body.length);
  });
});

describe('a POST with a body too large to be kept', () => {
  const stage = useStage();

  it('is refused when the app answers with an instruct', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip, express.text({ limit: '1mb' }));
    app.post(
      '/',
      (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open'),
    );
    app.post('/plain', (req, res) => void res.send(String(req.body.length)));
    const site = await stage().serve(app);
    const body = 'x'.repeat(100_001);
    const refused = await site.post('/', body, { 'Content-Type': 'text/plain' });
    assert.equal(refused.status, 400);
    assert.equal(await refused.whole(), 'Request too large to accept GRIP instruct.\n');
    const plain = await site.post('/plain', body, { 'Content-Type': 'text/plain' });
    assert.equal(await plain.whole(), '100001');
    const held = await site.post('/', body.slice(1), { 'Content-Type': 'text/plain' });
    assert.equal(await held.until((text) => text !== ''), 'open');
  });
});
