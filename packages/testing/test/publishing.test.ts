import assert from 'node:assert/strict';
import { Publisher } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import { gripProxy } from '@p-8/express';
import { gripProxy as koaGripProxy } from '@p-8/koa';
import type { GripTest } from '@p-8/testing';
import express from 'express';
import Koa from 'koa';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

/** What serve-grip puts on a response, as far as it is used here. */
interface GripApiResponse {
  startInstruct(): { addChannel(name: string): void; setHoldStream(): void };
}

const RECEIPT = { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 };

/** What a publisher POSTs. */
const body = (text: string, channel = 'news'): string =>
  JSON.stringify({ items: [{ channel, formats: { 'http-stream': { content: text } } }] });

const post = (
  text: string,
  init: RequestInit = {},
  url = 'http://localhost:5561/publish/',
): Promise<Response> => fetch(url, { method: 'POST', body: body(text), ...init });

async function streamOf(t: GripTest): Promise<{ got(): string }> {
  const stream = await t.stream('/stream');
  assert.equal(await stream.next(), 'open\n');
  return { got: () => stream.received.slice(1).join('') };
}

describe('what is published to a test', () => {
  const test = useGripTests();

  it('comes by t.publish(), in all its forms', async () => {
    const t = await test(newsApp());
    const { got } = await streamOf(t);
    assert.deepEqual(await t.publish('news', { 'http-stream': 'one\n' }), RECEIPT);
    await t.publish('news', { 'http-stream': { content: 'two\n' } }, { id: '2' });
    await t.publish({ channel: 'news', formats: { 'http-stream': 'three\n' } });
    const sum = await t.publish([
      { channel: 'news', formats: { 'http-stream': 'four\n' } },
      { channel: 'none', formats: { 'http-stream': 'never\n' } },
    ]);
    assert.deepEqual(sum, RECEIPT);
    assert.equal(got(), 'one\ntwo\nthree\nfour\n');
  });

  it('comes by fetch, to any control API', async () => {
    const t = await test(newsApp());
    const { got } = await streamOf(t);
    const text = await post('one\n');
    assert.deepEqual(
      [text.status, text.headers.get('content-type'), await text.text()],
      [200, 'text/plain', 'Published\n'],
    );
    const json = await post(
      'two\n',
      { headers: { Accept: 'application/json' } },
      'https://fanout.example/realm/publish',
    );
    assert.deepEqual(await json.json(), { message: 'Published', ...RECEIPT });
    const request = new Request('http://localhost:5561/publish', { method: 'POST', body: body('three\n') });
    assert.equal((await fetch(request)).status, 200);
    assert.equal(
      (await fetch(new URL('http://localhost:5561/publish'), { method: 'post', body: body('four\n') }))
        .status,
      200,
    );
    assert.equal(got(), 'one\ntwo\nthree\nfour\n');
    assert.equal(t.published.length, 4);
  });

  it('is refused by fetch where it is no item, or the publisher has given up', async () => {
    const t = await test(newsApp());
    const wrong = await fetch('http://localhost:5561/publish', {
      method: 'POST',
      body: '{"items":[{"channel":1}]}',
    });
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /channel/);
    await assert.rejects(post('one\n', { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.equal(t.published.length, 0);
  });

  it("comes by @fanoutio/grip's Publisher", async () => {
    const t = await test(newsApp());
    const { got } = await streamOf(t);
    const publisher = new Publisher({
      control_uri: 'http://localhost:5561',
      control_iss: 'me',
      key: 'secret',
    });
    await publisher.publishHttpStream('news', 'one\n');
    assert.equal(got(), 'one\n');
  });

  for (const inRequest of [false, true]) {
    it(`comes by serve-grip's publisher, ${inRequest ? 'inside a request' : 'from elsewhere'}`, async () => {
      const serveGrip = new ServeGrip({
        grip: 'http://localhost:5561/?key=changeme',
        gripProxyRequired: true,
      });
      const app = express().use(serveGrip);
      app.get('/stream', (_req, res) => {
        const instruct = (res as typeof res & { grip: GripApiResponse }).grip.startInstruct();
        instruct.addChannel('news');
        instruct.setHoldStream();
        res.end('open\n');
      });
      app.post('/say', async (_req, res) => {
        await serveGrip.getPublisher().publishHttpStream('news', 'one\n');
        res.end('said');
      });
      const t = await test(app);
      const { got } = await streamOf(t);
      if (inRequest) await t.request().post('/say').expect('said');
      else await serveGrip.getPublisher().publishHttpStream('news', 'one\n');
      await t.settled();
      assert.equal(got(), 'one\n');
    });
  }

  it('leaves alone what is POSTed to other services', async () => {
    const before = globalThis.fetch;
    const asked: unknown[][] = [];
    globalThis.fetch = async (...args) => {
      asked.push(args);
      return new Response('other');
    };
    try {
      const t = await test(newsApp(), { controlUri: 'http://control.test/grip' });
      const ask = async (url: string, init: RequestInit): Promise<string> => (await fetch(url, init)).text();
      const init = { method: 'POST', body: '{"article":1}' };
      assert.equal(await ask('http://control.test/grip/publish', init), 'other');
      assert.equal(asked[0]?.[1], init);
      for (const url of [
        'http://control.test/publish',
        'http://control.test/gripping/publish',
        'http://control.test:81/grip/publish',
      ])
        assert.equal(await ask(url, { method: 'POST', body: body('one\n') }), 'other');
      assert.equal(await ask('http://control.test/grip/publish', { method: 'GET' }), 'other');
      assert.equal(t.published.length, 0);
      assert.equal(
        await ask('http://control.test/grip/publish/', { method: 'POST', body: body('one\n') }),
        'Published\n',
      );
      assert.equal(t.published.length, 1);
      await t.close();
    } finally {
      globalThis.fetch = before;
    }
  });
});

describe('globalThis.fetch', () => {
  const test = useGripTests();

  it('is what it was after the last test has been closed', async () => {
    const before = globalThis.fetch;
    const [one, two] = [await test(newsApp()), await test(newsApp())];
    assert.notEqual(globalThis.fetch, before);
    await one.close();
    assert.equal((await post('one\n')).status, 200);
    await two.close();
    assert.equal(globalThis.fetch, before);
  });

  it('stays what somebody else has made of it meanwhile', async () => {
    const before = globalThis.fetch;
    try {
      const t = await test(newsApp());
      const ours = globalThis.fetch;
      const theirs: typeof fetch = (...args) => ours(...args);
      globalThis.fetch = theirs;
      assert.equal((await post('one\n')).status, 200);
      const later = await test(newsApp());
      assert.equal((await post('one\n')).status, 200);
      assert.deepEqual([t.published.length, later.published.length], [2, 1]);
      await Promise.all([t.close(), later.close()]);
      assert.equal(globalThis.fetch, theirs);
      // And what was taken back to the beginning is taken over anew.
      globalThis.fetch = before;
      const last = await test(newsApp());
      assert.equal((await post('one\n')).status, 200);
      assert.equal(last.published.length, 1);
      await last.close();
      assert.equal(globalThis.fetch, before);
    } finally {
      globalThis.fetch = before;
    }
  });
});

describe('a gripProxy() that is part of the tested app', () => {
  const test = useGripTests();

  const answer: express.RequestHandler = (_req, res) => hold(res, 'stream', 'open\n');

  type Grip = ReturnType<typeof gripProxy>;
  const WAYS: Readonly<Record<string, (grip: Grip) => express.Express>> = {
    'as middleware': (grip) => express().use(grip).get('/stream', answer),
    'in routers': (grip) =>
      express().use('/', express.Router().use(express.Router().use(grip).get('/stream', answer))),
    'in a route': (grip) => express().get('/stream', grip, answer),
    'in an app that is mounted': (grip) => express().use(express().use(grip).get('/stream', answer)),
  };

  for (const [name, build] of Object.entries(WAYS)) {
    it(`publishes to the test when it is mounted ${name}`, async () => {
      const grip = gripProxy();
      const t = await test(build(grip));
      const { got } = await streamOf(t);
      assert.equal(grip.stats().sessions, 0);
      assert.deepEqual(await grip.publish('news', { 'http-stream': 'one\n' }), RECEIPT);
      await grip.proxy.publish('news', { 'http-stream': 'two\n' });
      await t.settled();
      assert.equal(got(), 'one\ntwo\n');
      assert.deepEqual(
        t.published.map(({ channel }) => channel),
        ['news', 'news'],
      );
    });
  }

  it('publishes to the test when it is wrapped around an app', async () => {
    const grip = gripProxy();
    const t = await test(grip.wrap(express().get('/stream', answer)));
    const { got } = await streamOf(t);
    await grip.publish('news', { 'http-stream': 'one\n' });
    await t.settled();
    assert.equal(got(), 'one\n');
  });

  it('publishes to the test when it is part of a Koa app', async () => {
    const grip = koaGripProxy();
    const app = new Koa().use(grip).use((ctx) => {
      ctx.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
      ctx.body = 'open\n';
    });
    const t = await test(app);
    const { got } = await streamOf(t);
    await grip.publish('news', { 'http-stream': 'one\n' });
    await t.settled();
    assert.equal(got(), 'one\n');
  });

  it('brings to the test what comes to its control API', async () => {
    const grip = gripProxy();
    const app = express().use(grip).use('/grip', grip.controlApi()).get('/stream', answer);
    // Express shows errors, unless it is tested.
    app.set('env', 'test');
    const t = await test(app);
    const { got } = await streamOf(t);
    const item = JSON.parse(body('one\n'));
    await t
      .request()
      .post('/grip/publish')
      .accept('json')
      .send(item)
      .expect(200, { message: 'Published', ...RECEIPT });
    await t.settled();
    assert.equal(got(), 'one\n');
    t.refusePublish(503);
    await t.request().post('/grip/publish').send(item).expect(503);
  });

  it('sees requests as behind any GRIP proxy', async () => {
    const grip = gripProxy();
    const app = express()
      .use(grip)
      .get('/', (req, res) => void res.json(req.grip.isProxied));
    const t = await test(app);
    await t.request().get('/').expect('true');
  });

  it('is on its own again after the test', async () => {
    const grip = gripProxy();
    const app = express().use(grip).get('/stream', answer);
    const [one, two] = [await test(app), await test(app)];
    await Promise.all([streamOf(one), streamOf(two)]);
    const receipt = await grip.publish('news', { 'http-stream': 'to both\n' });
    assert.equal(receipt.delivered, 2);
    await one.close();
    assert.equal((await grip.publish('news', { 'http-stream': 'to one\n' })).delivered, 1);
    await two.close();
    assert.equal((await grip.publish('news', { 'http-stream': 'to none\n' })).delivered, 0);
    assert.deepEqual([one.published.length, two.published.length], [1, 2]);
  });
});

describe('two tests at once', () => {
  const test = useGripTests();

  it("do not get each other's items where their apps publish inside requests", async () => {
    const grip = gripProxy();
    const app = express().use(grip);
    app.get('/stream', (_req, res) => hold(res, 'stream', 'open\n'));
    app.post('/fetch', async (_req, res) => {
      await post('by fetch\n');
      res.end();
    });
    app.post('/grip', async (_req, res) => {
      await grip.publish('news', { 'http-stream': 'by grip\n' });
      res.end();
    });
    // What sockets tell of is nobody's by itself.
    app.post('/events', (req, res) => {
      req.on('data', () => undefined);
      req.on('end', () => void post('by event\n').then(() => res.end()));
    });
    const [one, two] = [await test(app), await test(app)];
    const [first, second] = [await streamOf(one), await streamOf(two)];
    await Promise.all([one.request().post('/fetch').expect(200), two.request().post('/grip').expect(200)]);
    await two.request().post('/events').send('x').expect(200);
    await Promise.all([one.settled(), two.settled()]);
    assert.equal(first.got(), 'by fetch\n');
    assert.equal(second.got(), 'by grip\nby event\n');
  });
});

describe('t.refusePublish()', () => {
  const test = useGripTests();

  it('refuses publishers of each kind, so many times', async () => {
    const grip = gripProxy();
    const t = await test(
      express()
        .use(grip)
        .get('/stream', (_req, res) => hold(res, 'stream', 'open\n')),
    );
    const { got } = await streamOf(t);
    const refused = {
      name: 'PublishRefused',
      status: 403,
      body: 'no',
      message: 'publishing was refused with 403: no',
    };
    const formats = { 'http-stream': 'one\n' };
    t.refusePublish(403, { body: 'no', times: 3 });
    await assert.rejects(t.publish('news', formats), refused);
    await assert.rejects(grip.publish('news', formats), refused);
    const answer = await post('one\n');
    assert.deepEqual([answer.status, await answer.text()], [403, 'no\n']);
    assert.equal(got(), '');
    await t.publish('news', formats);
    assert.equal(got(), 'one\n');
    t.refusePublish();
    const publisher = new Publisher({ control_uri: 'http://localhost:5561' });
    await assert.rejects(publisher.publishHttpStream('news', 'two\n'));
    assert.equal(t.published.length, 1);
    assert.match(t.timeline, /fault {5}publishers will be refused with 403\n.*publish {3}refused with 403\n/);
  });
});

describe('an app that publishes by fetch inside a request', () => {
  const test = useGripTests();

  it('is not held up, nor is the test', async () => {
    const t = await test(
      newsApp({
        '/say': async (_req, res) => {
          for (const text of ['one\n', 'two\n', 'three\n']) await post(text);
          res.end('said');
        },
      }),
      // More than a test may take: it would not end if one waited for the other.
      { patience: 60_000 },
    );
    const { got } = await streamOf(t);
    await t.request().post('/say').expect('said');
    await t.settled();
    assert.equal(got(), 'one\ntwo\nthree\n');
    await t.expectDelivered('news');
  });
});
