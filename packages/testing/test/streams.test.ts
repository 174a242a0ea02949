import assert from 'node:assert/strict';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

describe('t.stream()', () => {
  const test = useGripTests();

  it("gives the app's own content, then each item", async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['content-type'], 'text/plain');
    assert.equal(await stream.next(), 'open\n');
    await t.publish('news', { 'http-stream': 'one\n' });
    assert.equal(await stream.next(), 'one\n');
    assert.deepEqual(stream.received, ['open\n', 'one\n']);
  });

  it('gives an item each time, also of those that are published at once', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    void t.publish('news', { 'http-stream': 'one\n' });
    void t.publish('news', { 'http-stream': 'two\n' });
    await t.publish([
      { channel: 'news', formats: { 'http-stream': 'three\n' } },
      { channel: 'news', formats: { 'http-stream': 'four\n' } },
    ]);
    assert.deepEqual(stream.received, ['open\n', 'one\n', 'two\n', 'three\n', 'four\n']);
    for (const expected of stream.received) assert.equal(await stream.next(), expected);
  });

  it('gives a large item in one piece, and letters whole', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    const large = '€'.repeat(700_000);
    await t.publish('news', { 'http-stream': large });
    await t.publish('news', { 'http-stream': 'ü' });
    assert.equal(await stream.next(), 'open\n');
    assert.equal((await stream.next()).length, 700_000);
    assert.equal(await stream.next(), 'ü');
  });

  it('keeps a letter together that comes in two pieces', async () => {
    let rest: () => void = () => assert.fail('nothing has been asked');
    const t = await test(
      newsApp({
        '/halves': (_req, res) => {
          const bytes = Buffer.from('a€');
          res.write(bytes.subarray(0, 2));
          rest = () => res.end(bytes.subarray(2));
        },
      }),
    );
    const stream = await t.stream('/halves');
    assert.equal(await stream.next(), 'a');
    rest();
    assert.equal(await stream.next(), '€');
  });

  it('ends when the response does', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    await t.publish('news', { 'http-stream': { action: 'close' } });
    assert.deepEqual(await stream.ended(), { clean: true, how: 'the response ended' });
    assert.equal(await stream.next(), 'open\n');
    await assert.rejects(
      stream.next(),
      /stream 1: waited for chunk 2, but the response ended\. Seen so far: "open\\n"/,
    );
  });

  it('tells a response that broke off from a whole one', async () => {
    const t = await test(newsApp());
    t.origin.cut();
    const stream = await t.stream('/plain');
    assert.equal((await stream.ended()).clean, false);
    assert.equal(await stream.next(), 'pla');
  });

  it('says what was seen, and what happened, where nothing comes', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    await stream.next();
    await assert.rejects(stream.next({ timeout: 20 }), (error: Error) => {
      assert.match(
        error.message,
        /^stream 1: waited for chunk 2, but it did not come within 20 ms\. Seen so far: "open\\n"\n/,
      );
      assert.match(error.message, /\+0\.000s {2}client {4}stream 1 asks GET \/stream\n/);
      assert.match(error.message, /origin {4}GET \/stream is answered 200 "open\\n"\n/);
      assert.match(error.message, /hold {6}stream \/stream on news\n/);
      return true;
    });
    // It may still come.
    await t.publish('news', { 'http-stream': 'late\n' });
    assert.equal(await stream.next(), 'late\n');
  });

  it('serves those first who waited first', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    await stream.next();
    const both = Promise.all([stream.next(), stream.next()]);
    await t.publish('news', { 'http-stream': 'one\n' });
    await t.publish('news', { 'http-stream': 'two\n' });
    assert.deepEqual(await both, ['one\n', 'two\n']);
  });

  it('sends what it is told to', async () => {
    const t = await test(
      newsApp({
        '/say': async (req, res) => {
          const chunks: Buffer[] = [];
          for await (const chunk of req) chunks.push(chunk as Buffer);
          hold(res, 'stream', `${req.method} ${req.headers['x-name']} ${Buffer.concat(chunks)}`);
        },
      }),
    );
    const stream = await t.stream('/say?a=b', { method: 'PUT', headers: { 'X-Name': 'me' }, body: 'hello' });
    assert.equal(await stream.next(), 'PUT me hello');
    await t.expectHeld({ url: '/say?a=b' });
  });

  it('says so where no response comes in time, or the connection breaks', async () => {
    const t = await test(newsApp({ '/never': () => undefined }), { patience: 10 });
    await assert.rejects(
      t.stream('/never', { timeout: 20 }),
      /^Error: stream 1: waited for a response, but it did not come within 20 ms\n[\s\S]*GET \/never comes/,
    );
    const dropped = t.stream('/never');
    await t.settled();
    await t.close();
    await assert.rejects(dropped, /stream 2: waited for a response, but the connection broke\n/);
  });
});
