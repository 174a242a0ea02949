import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { hold, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { LinkBench } from './support/link-bench.js';

const next = (path: string): string => `Grip-Link: <${path}>; rel=next`;

describe('a next link and the items around it', () => {
  const stage = useStage();

  it('E5: the link is asked with Grip-Last when an item was missed', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [next('/next')], body: '1' }),
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=5', { fields: [next('/next')], body: '45' }),
    });
    await bench.client.bodyWith('1');
    await bench.publish('2', '2', '1');
    await bench.publish('3', '3', '2');
    const receipt = await bench.proxy.publish(
      'ch',
      { 'http-stream': '5' },
      { id: '5', 'prev-id': '4', 'no-seq': true },
    );
    assert.equal(receipt.queued, 1);
    await bench.pass(100);
    await bench.client.bodyWith('12345');
    assert.deepEqual(bench.lastIds(1), ['ch; last-id=3']);
    await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'the end of the request');
    await bench.publish('6', '6', '5');
    await bench.client.bodyWith('123456');
  });

  it('the link is asked where items came between the answer of the origin and the hold', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => {
        void bench.publish('2', '2', '1').then(() => {
          hold(res, 'stream', 'ch; prev-id=1', { fields: [next('/next')], body: '1' });
        });
      },
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=2', { fields: [next('/next')], body: '2' }),
    });
    await bench.client.bodyWith('1');
    await bench.pass(100);
    await bench.client.bodyWith('12');
    await bench.pass(1000);
    assert.equal(bench.asked.length, 2);
  });

  it('the link leads to a first hold that has missed nothing either', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('/one')], body: '1' }),
      '/one': (res) => {
        void bench.publish('3', '3', '2').then(() => {
          hold(res, 'stream', 'ch; prev-id=2', { fields: [next('/two')], body: '2' });
        });
      },
      '/two': (res) => hold(res, 'stream', 'ch; prev-id=3', { fields: [next('/two')], body: '3' }),
    });
    await bench.client.bodyWith('12');
    await bench.pass(100);
    await bench.client.bodyWith('123');
    assert.deepEqual(bench.lastIds(2), ['ch; last-id=2']);
    await bench.pass(1000);
    assert.deepEqual(bench.asked, ['/', '/one', '/two']);
  });

  it('the link is followed by the items that came while it was asked, and that it did not bring', async () => {
    let answer: ((id: string, body: string) => void) | undefined;
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [next('/next')], body: '1' }),
      '/next': (res) => {
        answer = (id, body) => hold(res, 'stream', `ch; prev-id=${id}`, { fields: [next('/next')], body });
      },
    });
    await bench.client.bodyWith('1');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } }, { 'prev-id': '1' });
    await bench.origin.request(1);
    for (const id of [2, 3, 4, 5]) {
      assert.equal((await bench.publish(String(id), String(id), String(id - 1))).queued, 1);
    }
    answer?.('3', '23');
    await bench.client.bodyWith('12345');
    await bench.publish('6', '6', '5');
    await bench.client.bodyWith('123456');
    assert.equal(bench.asked.length, 2);
  });

  it('the link is asked once more where its answer is older than the items that came meanwhile', async () => {
    let answer: ((id: string, body: string) => void) | undefined;
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch; prev-id=1', { fields: [next('/next')], body: '1' }),
      '/next': (res) => {
        answer = (id, body) => hold(res, 'stream', `ch; prev-id=${id}`, { fields: [next('/next')], body });
      },
    });
    await bench.client.bodyWith('1');
    await bench.publish('3', '3', '2');
    await bench.pass(100);
    await bench.origin.request(1);
    await bench.publish('4', '4', '3');
    answer?.('1', '');
    await bench.pass(0);
    await bench.pass(100);
    await bench.origin.request(2);
    answer?.('4', '234');
    await bench.client.bodyWith('1234');
    await bench.pass(1000);
    assert.equal(bench.asked.length, 3);
    await bench.publish('5', '5', '4');
    await bench.client.bodyWith('12345');
  });

  it('a link without a link of its own ends a stream with ids: nothing could fill a gap', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => respond(res, { fields: [next('/next')], body: '1' }),
      '/next': (res) => hold(res, 'stream', 'ch; prev-id=1', { body: '2' }),
    });
    assert.equal(String((await bench.client.reply()).body), '12');
    assert.equal(bench.server.held, 0);
  });

  it('the link is asked once more where a hint comes while it is asked', async () => {
    const answers: (() => void)[] = [];
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', 'ch', { fields: [next('/next')], body: '1' }),
      '/next': (res, _seen, count) => {
        answers.push(() => hold(res, 'stream', 'ch', { fields: [next('/next')], body: String(count + 2) }));
      },
    });
    await bench.client.bodyWith('1');
    const hint = (): Promise<unknown> => bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await hint();
    await bench.origin.request(1);
    await hint();
    await hint();
    answers[0]?.();
    await bench.pass(100);
    await bench.origin.request(2);
    answers[1]?.();
    await bench.client.bodyWith('123');
    await bench.pass(1000);
    assert.equal(bench.asked.length, 3);
  });
});
