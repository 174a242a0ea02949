import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { eventually, settle } from '../../../test/support/eventually.js';
import { hold, type OriginHandler, respond, type SeenRequest } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { FilterBench } from './support/filter-bench.js';

const LINK = 'Grip-Link: </next>; rel=next; timeout=30';

/** Leaves answers to the test. */
function slowly(): { readonly handler: OriginHandler; readonly pending: ServerResponse[] } {
  const pending: ServerResponse[] = [];
  return { pending, handler: (res) => void pending.push(res) };
}

/** What a next link answers: content, and the id that it ends with. */
function linked(body: string, id: string): OriginHandler {
  return (res) => {
    const fields = [`Grip-Hold: stream`, `Grip-Channel: ch; prev-id=${id}; filter=http-check`, LINK];
    respond(res, { fields: [...fields, 'Grip-Set-Meta: url=/filter'], body });
  };
}

describe('a session whose filters take their time', () => {
  const stage = useStage();

  it('gets its items in their order, of whatever channel they are', async () => {
    const { handler, pending } = slowly();
    const bench = await FilterBench.start(stage(), 'stream', ['ch; filter=http-modify', 'plain'], handler);
    const receipts = [await bench.publish('1 '), await bench.publish('2 ', {}, 'plain')];
    receipts.push(await bench.publish('3 '), await bench.publish('4', {}, 'plain'));
    assert.deepEqual(
      receipts.map(({ queued }) => queued),
      [1, 1, 1, 1],
    );
    await bench.question();
    await settle();
    assert.equal(bench.asked.length, 1);
    pending[0]?.end('one ');
    await bench.client.bodyWith('one 2 ');
    await bench.question(1);
    pending[1]?.writeHead(204).end();
    assert.equal(String((await bench.client.bodyWith('4')).body), 'one 2 3 4');
    assert.equal((await bench.publish('5', {}, 'plain')).delivered, 1);
  });

  it('does not disturb others', async () => {
    const { handler, pending } = slowly();
    const bench = await FilterBench.start(stage(), 'stream', ['ch; filter=http-check'], handler, {
      link: (res) => hold(res, 'stream', 'ch', { body: '[' }),
    });
    const other = await stage().client(bench.server);
    other.request('GET /other');
    await other.bodyWith('[');
    const receipt = await bench.publish('now');
    assert.deepEqual([receipt.delivered, receipt.queued], [1, 1]);
    await other.bodyWith('now');
    await bench.question();
    pending[0]?.end();
    await bench.client.bodyWith('now');
  });

  it('is one of 100 that may ask in a second', async () => {
    const { handler } = slowly();
    const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-check', handler);
    for (let i = 0; i < 7; i++) {
      const other = await stage().client(bench.server);
      other.request('GET /other');
    }
    await eventually(() => bench.proxy.hub.subscriberCount('ch') === 8, 'eight streams');
    await bench.publish('hello');
    await bench.question(4);
    await settle();
    assert.equal(bench.asked.length, 5);
    bench.clock.advance(50);
    await bench.question(7);
  });

  it('of a long-poll is answered by the first item that passes, and asks no more', async () => {
    const { handler, pending } = slowly();
    const bench = await FilterBench.start(stage(), 'response', 'ch; filter=http-check', handler);
    for (const content of ['dropped', 'answer', 'late']) await bench.publish(content);
    await bench.question();
    pending[0]?.writeHead(200, { Action: 'drop' }).end();
    await bench.question(1);
    pending[1]?.end();
    assert.equal(String((await bench.client.reply()).body), 'answer');
    assert.equal(bench.asked.length, 2);
  });

  it('of a long-poll is answered when its time is up, whatever a filter is about to say', async () => {
    const { handler } = slowly();
    const bench = await FilterBench.start(stage(), 'response', 'ch; filter=http-check', handler, {
      fields: ['Grip-Timeout: 5'],
      body: 'nothing',
    });
    await bench.publish('late');
    await bench.question();
    bench.clock.advance(5000);
    assert.equal(String((await bench.client.reply()).body), 'nothing');
    await bench.origin.abandonedRequest(1);
  });

  it('of a long-poll asks its origin again when an item before was missed', async () => {
    const bench = await FilterBench.start(
      stage(),
      'response',
      'ch; prev-id=1; filter=http-check',
      (res) => res.writeHead(500).end(),
      { link: (res) => respond(res, { body: 'what you missed' }) },
    );
    await bench.publish('2', { id: '2', 'prev-id': '1' });
    await bench.publish('3', { id: '3', 'prev-id': '2' });
    await bench.question();
    await settle();
    bench.clock.advance(100);
    assert.equal(String((await bench.client.reply()).body), 'what you missed');
  });

  it('has received what a filter dropped, as its ids say', async () => {
    const bench = await FilterBench.start(
      stage(),
      'stream',
      'ch; prev-id=1; filter=http-check',
      (res, seen) => {
        respond(res, { fields: lastId(seen) === '1' ? ['Action: drop'] : [] });
      },
      { fields: [LINK] },
    );
    await bench.publish('two', { id: '2', 'prev-id': '1' });
    await bench.publish('three', { id: '3', 'prev-id': '2' });
    assert.equal(String((await bench.client.bodyWith('three')).body), 'three');
    assert.deepEqual(bench.asked.map(lastId), ['1', '2']);
  });

  it('asks once more for what a filter has failed on, and then its next link', async () => {
    const bench = await FilterBench.start(
      stage(),
      'stream',
      'ch; prev-id=1; filter=http-check',
      (res, seen) => res.writeHead(lastId(seen) === '1' ? 500 : 200).end(),
      { fields: [LINK], link: linked('two three ', '3') },
    );
    await bench.publish('2', { id: '2', 'prev-id': '1' });
    await bench.publish('3', { id: '3', 'prev-id': '2' });
    await bench.question(1);
    await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
    bench.clock.advance(100);
    await bench.client.bodyWith('two three ');
    await bench.publish('four', { id: '4', 'prev-id': '3' });
    assert.equal(String((await bench.client.bodyWith('four')).body), 'two three four');
    assert.deepEqual(bench.asked.map(lastId), ['1', '1', '3']);
  });

  for (const mode of ['stream', 'response'] as const) {
    it(`of a ${mode} hold has all in order when a filter that failed answers the next time`, async () => {
      const bench = await FilterBench.start(
        stage(),
        mode,
        'ch; prev-id=1; filter=http-check',
        (res, _seen, count) => res.writeHead(count === 0 ? 500 : 200).end(),
        { fields: [LINK] },
      );
      for (const id of [2, 3, 4]) await bench.publish(`${id} `, { id: `${id}`, 'prev-id': `${id - 1}` });
      if (mode === 'stream') {
        assert.equal(String((await bench.client.bodyWith('4 ')).body), '2 3 4 ');
        assert.deepEqual(bench.asked.map(lastId), ['1', '1', '2', '3']);
      } else {
        assert.equal(String((await bench.client.reply()).body), '2 ');
        assert.deepEqual(bench.asked.map(lastId), ['1', '1']);
      }
    });
  }

  it('gives up a filter when it goes to its next link, and asks anew for what that did not bring', async () => {
    const { handler, pending } = slowly();
    const bench = await FilterBench.start(stage(), 'stream', 'ch; prev-id=1; filter=http-check', handler, {
      fields: [LINK],
      link: linked('two ', '2'),
    });
    await bench.publish('2', { id: '2', 'prev-id': '1' });
    await bench.publish('three ', { id: '3', 'prev-id': '2' });
    await bench.publish('four', { id: '4', 'prev-id': '3' });
    await bench.question();
    bench.proxy.hub.recover();
    bench.clock.advance(100);
    await bench.origin.abandonedRequest(1);
    await bench.question(1);
    pending[1]?.end();
    await bench.question(2);
    pending[2]?.end();
    assert.equal(String((await bench.client.bodyWith('four')).body), 'two three four');
    assert.deepEqual(bench.asked.map(lastId), ['1', '2', '3']);
  });

  it('has what history brings it filtered too, before what is new', async () => {
    const origin = await stage().origin((res, { method }) => {
      const fields = ['Content-Type: text/event-stream', 'Grip-Set-Meta: url=/filter'];
      if (method === 'POST') res.req.on('end', () => res.writeHead(204).end());
      else hold(res, 'stream', 'ch; filter=http-modify', { fields, body: '[' });
    });
    const { proxy, port } = await stage().proxy({ target: origin.url, history: { channels: ['ch'] } });
    const publish = (id: number) => proxy.publish('ch', { 'http-stream': `${id};` }, { id: `${id}` });
    for (const id of [1, 2, 3]) await publish(id);
    const client = await stage().client({ port });
    client.request('GET /', ['Last-Event-ID: 1']);
    await eventually(() => proxy.holds().length === 1, 'a hold');
    await publish(4);
    assert.equal(String((await client.bodyWith('4;')).body), '[2;3;4;');
  });

  describe('with more than may wait for it', () => {
    it('is cut', async () => {
      const { handler } = slowly();
      const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-check', handler, {
        sessionQueueBytes: 6000,
      });
      const outcomes: string[] = [];
      bench.proxy.on('overflow', (_hold, { reason, action }) => void outcomes.push(`${reason} ${action}`));
      for (let i = 0; i < 3; i++) assert.equal((await bench.publish('x'.repeat(200))).queued, 1);
      await bench.question();
      assert.equal((await bench.publish('x'.repeat(300))).dropped, 1);
      assert.deepEqual(outcomes, ['queue close']);
      await bench.client.closed();
      assert.equal((await bench.client.head()).complete, false);
      await bench.origin.abandonedRequest(1);
    });

    it('recovers by its next link, if it has one', async () => {
      const { handler } = slowly();
      const bench = await FilterBench.start(stage(), 'stream', 'ch; prev-id=0; filter=http-check', handler, {
        sessionQueueBytes: 6000,
        fields: [LINK],
        link: linked('all of it', '4'),
      });
      for (let i = 1; i <= 4; i++) {
        const receipt = await bench.publish('x'.repeat(200), { id: `${i}`, 'prev-id': `${i - 1}` });
        assert.equal(receipt.queued, 1);
      }
      await settle();
      bench.clock.advance(100);
      await bench.client.bodyWith('all of it');
      assert.equal(bench.proxy.backlog().overflows.queue, 1);
    });

    it('of a long-poll asks its origin again', async () => {
      const { handler } = slowly();
      const bench = await FilterBench.start(stage(), 'response', 'ch; filter=http-check', handler, {
        sessionQueueBytes: 6000,
        link: (res) => respond(res, { body: 'what is new' }),
      });
      for (let i = 0; i < 4; i++) assert.equal((await bench.publish('x'.repeat(300))).queued, 1);
      bench.clock.advance(100);
      assert.equal(String((await bench.client.reply()).body), 'what is new');
    });
  });
});

/** The id in a request's Grip-Last. */
function lastId({ headers }: SeenRequest): string {
  return String(headers['grip-last']).replace('ch; last-id=', '');
}
