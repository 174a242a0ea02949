import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, respond, type SeenRequest } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { LinkBench } from './support/link-bench.js';
import { Counting, isQueued, LARGE } from './support/slow-clients.js';
import { watchRecoveries } from './support/watch-recoveries.js';

const NEXT = 'Grip-Link: </next>; rel=next';

describe('a gap that the last items of the channel fill', () => {
  const stage = useStage();

  it('is filled on a stream whose origin answered before they were published: nobody is asked', async () => {
    const bench = await LinkBench.start(stage(), '/first', {
      '/first': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '[' }),
      '/second': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '1' }),
    });
    const told = watchRecoveries(bench.proxy);
    await bench.client.bodyWith('[');
    await bench.publish('2', '2', '1');
    await bench.publish('3', '3', '2');
    const late = await stage().client(bench.server);
    late.request('GET /second');
    await late.bodyWith('123');
    await bench.publish('4', '4', '3');
    await late.bodyWith('1234');
    await bench.pass(1000);
    assert.deepEqual(bench.asked, ['/first', '/second']);
    assert.deepEqual(told, ['recover stream: gap', 'recovered stream: recent']);
  });

  it('is filled when a later item shows it', async () => {
    const ids: Record<string, string> = { '/first': '1', '/unknown': '0', '/second': '1' };
    const answer = (res: ServerResponse, { url }: SeenRequest): void =>
      hold(res, 'stream', `ch; prev-id=${ids[url] ?? 3}`, { fields: [NEXT], body: '[' });
    const bench = await LinkBench.start(stage(), '/first', {
      '/first': answer,
      '/unknown': answer,
      '/second': answer,
      '/next': answer,
    });
    await bench.client.bodyWith('[');
    await bench.publish('2', '2', '1');
    await bench.publish('3', '3', '2');
    // A client that knows an id which nobody here knows has the last id of the channel forgotten.
    const unknown = await stage().client(bench.server);
    unknown.request('GET /unknown');
    await unknown.bodyWith('[');
    const late = await stage().client(bench.server);
    late.request('GET /second');
    await late.bodyWith('[');
    await eventually(() => bench.proxy.hub.subscriberCount('ch') === 3, 'three holds');
    await bench.publish('4', '4', '3');
    await late.bodyWith('[234');
    await bench.pass(1000);
    assert.deepEqual(bench.asked, ['/first', '/unknown', '/second', '/next']);
  });

  it('is filled for a slow client when it takes again what there is', async () => {
    const server = await stage().proxy({
      target: (
        await stage().origin((res, _seen, count) =>
          hold(res, 'stream', ['fill', 'a; prev-id=0'], { fields: [NEXT], body: `link ${count}` }),
        )
      ).url,
      sessionQueueBytes: LARGE + 40_000,
      clock: new ManualClock(),
    });
    const told = watchRecoveries(server.proxy);
    const client = await stage().client(server);
    client.request('GET /');
    await client.bodyWith('link 0');
    client.socket.pause();
    const fill = new Counting(server.proxy, false);
    await fill.until(['fill'], isQueued);
    const items = new Counting(server.proxy, true);
    while (told.length === 0) await items.send('a', 10_000);
    const missed = await items.send('a', 10_000);
    assert.equal(missed.queued, 1);
    client.socket.resume();
    await client.tail(items.content('a', items.count('a')));
    const numbers = [...String((await client.head()).body).matchAll(/<a:(\d+)>/g)].map(([, id]) =>
      Number(id),
    );
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
    assert.deepEqual(told, ['recover stream: slow', 'recovered stream: recent']);
  });

  it('answers a long-poll that comes a little late', async () => {
    const bench = await LinkBench.start(stage(), '/poll?1', {
      '/poll': (res) => hold(res, 'response', 'ch; prev-id=1'),
    });
    const told = watchRecoveries(bench.proxy);
    await eventually(() => bench.proxy.stats().sessions === 1, 'a hold');
    const poll = (id: number): Promise<unknown> =>
      bench.proxy.publish(
        'ch',
        { 'http-response': String(id) },
        { id: String(id), 'prev-id': String(id - 1) },
      );
    await poll(2);
    assert.equal(String((await bench.client.reply()).body), '2');
    await poll(3);
    await poll(4);
    const late = await stage().client(bench.server);
    late.request('GET /poll?2');
    await eventually(() => bench.asked.length === 2, 'the second request');
    // What it knows is that it has the first one: it gets the one after that, and comes back for more.
    assert.equal(String((await late.reply()).body), '2');
    await bench.pass(1000);
    assert.deepEqual(bench.asked, ['/poll?1', '/poll?2']);
    assert.deepEqual(told, ['recover response: gap', 'recovered response: recent']);
    assert.equal(bench.proxy.stats().sessions, 0);
  });

  it('is not filled a minute later: the origin is asked', async () => {
    const bench = await LinkBench.start(stage(), '/poll', {
      '/poll': (res, _seen, count) => {
        if (count < 2) hold(res, 'response', 'ch; prev-id=1');
        else respond(res, { body: 'from the origin' });
      },
    });
    await eventually(() => bench.proxy.stats().sessions === 1, 'a hold');
    await bench.proxy.publish('ch', { 'http-response': '2' }, { id: '2', 'prev-id': '1' });
    await bench.client.reply();
    bench.clock.advance(60_000);
    const other = await stage().client(bench.server);
    other.request('GET /poll');
    assert.equal(String((await other.reply()).body), 'from the origin');
    assert.deepEqual(bench.lastIds(2), ['ch; last-id=1']);
  });

  it('is not filled where the filter of a client fails on an item on the way: the origin is asked', async () => {
    const bench = await LinkBench.start(stage(), '/first', {
      '/first': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '[' }),
      '/second': (res) =>
        hold(res, 'stream', 'ch; prev-id=1; filter=var-subst', { fields: [NEXT], body: '1' }),
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=3', { fields: [NEXT], body: ' 2 and 3' }),
    });
    await bench.client.bodyWith('[');
    await bench.publish('2%', '2', '1');
    await bench.publish('3', '3', '2');
    const late = await stage().client(bench.server);
    late.request('GET /second');
    await late.bodyWith('1');
    await bench.pass(100);
    await late.bodyWith('1 2 and 3');
    assert.deepEqual(bench.lastIds(2), ['ch; last-id=1']);
  });

  it('is forgotten on the command recover: the origin has the word', async () => {
    const bench = await LinkBench.start(stage(), '/first', {
      '/first': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '[' }),
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=2', { fields: [NEXT], body: 'next' }),
    });
    const told = watchRecoveries(bench.proxy);
    await bench.client.bodyWith('[');
    await bench.publish('2', '2', '1');
    bench.proxy.hub.recover();
    await bench.pass(100);
    await bench.client.bodyWith('[2next');
    assert.deepEqual(told, ['recover stream: command', 'recovered stream: link']);
  });

  it('is told of before the end of a hold that somebody ends when he hears of it', async () => {
    for (const event of ['recover', 'recovered'] as const) {
      const bench = await LinkBench.start(stage(), '/first', {
        '/first': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '[' }),
        '/second': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '1' }),
      });
      await bench.client.bodyWith('[');
      await bench.publish('2', '2', '1');
      const told = watchRecoveries(bench.proxy);
      bench.proxy.once(event, () => void bench.proxy.close());
      const late = await stage().client(bench.server);
      late.request('GET /second');
      assert.equal(String((await late.reply()).body), '1', event);
      await settle();
      assert.equal(told.length, 2, event);
    }
  });
});
