import assert from 'node:assert/strict';
import type { GripTest } from '@p-8/testing';
import { hold, newsApp } from './support/news-app.js';
import { useGripTests } from './support/tests.js';

const publish = (t: GripTest, text: string, id?: string, prevId?: string) =>
  t.publish(
    'news',
    { 'http-stream': text },
    { ...(id !== undefined && { id }), ...(prevId !== undefined && { 'prev-id': prevId }) },
  );

/** A stream of numbered items: the app knows them all. */
function numbered(): { readonly app: ReturnType<typeof newsApp>; readonly items: string[] } {
  const items: string[] = [];
  const page: Parameters<typeof newsApp>[0] = {};
  const answer = (from: number) => items.slice(from).join('');
  const fields = () => ({
    'Grip-Channel': `news; prev-id=${items.length}`,
    'Grip-Link': `</rest?from=${items.length}>; rel=next`,
  });
  return {
    items,
    app: newsApp({
      ...page,
      '/stream': (_req, res) => hold(res, 'stream', 'open\n', fields()),
      '/rest': (req, res) => {
        const [, last] = /last-id=(\d+)/.exec(String(req.headers['grip-last'])) ?? [];
        hold(res, 'stream', answer(Number(last)), fields());
      },
    }),
  };
}

describe('t.items', () => {
  const test = useGripTests();

  it('loses items, whose publisher knows of nothing', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    t.items.lose();
    assert.deepEqual(await publish(t, 'one\n'), {
      matched: 0,
      delivered: 0,
      queued: 0,
      filtered: 0,
      dropped: 0,
    });
    await publish(t, 'two\n');
    assert.deepEqual(stream.received, ['open\n', 'two\n']);
    assert.deepEqual(
      t.published.map(({ fault }) => fault),
      ['lost', undefined],
    );
  });

  it('loses a numbered item, which the stream gets from its next link', async () => {
    const { app, items } = numbered();
    const t = await test(app);
    const stream = await t.stream('/stream');
    t.items.lose();
    items.push('one\n');
    await publish(t, 'one\n', '1', '0');
    items.push('two\n');
    await publish(t, 'two\n', '2', '1');
    await t.clock.advance('10s');
    assert.equal(stream.received.join(''), 'open\none\ntwo\n');
  });

  it('doubles items', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    t.items.duplicate();
    await publish(t, 'one\n');
    await publish(t, 'two\n');
    assert.deepEqual(stream.received, ['open\n', 'one\n', 'one\n', 'two\n']);
  });

  it('doubles an item with an id, which comes once all the same', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    t.items.duplicate();
    const { delivered } = await publish(t, 'one\n', '1');
    assert.equal(delivered, 1);
    assert.deepEqual(stream.received, ['open\n', 'one\n']);
    assert.equal(t.published[0]?.fault, 'duplicated');
  });

  it('has items overtaken', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    t.items.reorder();
    await publish(t, 'one\n');
    assert.deepEqual(stream.received, ['open\n']);
    await publish(t, 'two\n');
    assert.equal(stream.received.join(''), 'open\ntwo\none\n');
  });

  it('has a numbered item overtaken, which comes in its order all the same', async () => {
    const { app, items } = numbered();
    const t = await test(app);
    const stream = await t.stream('/stream');
    await publish(t, 'one\n', '1', '0');
    t.items.reorder();
    await publish(t, 'two\n', '2', '1');
    const { queued } = await publish(t, 'three\n', '3', '2');
    assert.equal(queued, 1);
    items.push('one\n', 'two\n', 'three\n');
    await t.clock.advance('10s');
    assert.equal(stream.received.join(''), 'open\none\ntwo\nthree\n');
    assert.equal(t.originRequests.length, 1);
  });

  it('strikes as often, and on the channel, that the test says; and not any more', async () => {
    const t = await test(newsApp());
    const stream = await t.stream('/stream');
    t.items.lose({ channel: 'other' });
    t.items.lose({ channel: 'news', times: 2 });
    for (const text of ['one\n', 'two\n', 'three\n']) await publish(t, text);
    assert.deepEqual(stream.received, ['open\n', 'three\n']);
    t.items.lose({ times: 10 });
    t.items.clear();
    await publish(t, 'four\n');
    assert.equal(stream.received.at(-1), 'four\n');
    assert.match(t.timeline, /fault {5}2 items on news will be lost\n/);
  });
});
