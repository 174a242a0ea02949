import assert from 'node:assert/strict';
import { settle } from '../../../test/support/eventually.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { LinkBench } from './support/link-bench.js';
import { watchRecoveries } from './support/watch-recoveries.js';

const NEXT = 'Grip-Link: </next>; rel=next; timeout=10';

describe('a hold whose next link fails', () => {
  const stage = useStage();

  /** `channel`: of the hold. The link fails while `failing` gives an answer. */
  async function start(
    channel: string,
    failing: (count: number) => OriginHandler | undefined,
  ): Promise<LinkBench> {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) => hold(res, 'stream', channel, { fields: [NEXT], body: '[' }),
      '/next': (res, seen, count) => {
        const answer = failing(count);
        if (answer !== undefined) answer(res, seen, count);
        else hold(res, 'stream', 'ch; prev-id=3', { fields: [NEXT], body: 'from the link' });
      },
    });
    await bench.client.bodyWith('[');
    return bench;
  }

  const failures: [what: string, answer: OriginHandler][] = [
    ['500', (res) => res.writeHead(500).end('no content for clients')],
    ['nothing', (res) => res.socket?.resetAndDestroy()],
    ['no HTTP', (res) => res.socket?.end('garbage\r\n\r\n')],
    ['a response hold', (res) => hold(res, 'response', 'ch', { body: 'x' })],
    ['a hold that does not exist', (res) => respond(res, { fields: ['Grip-Hold: maybe'], body: 'x' })],
    [
      'an instruct in JSON',
      (res) => res.writeHead(200, { 'Content-Type': 'application/grip-instruct' }).end('{}'),
    ],
    ['a filter without its meta', (res) => hold(res, 'stream', 'ch; filter=build-id', { body: 'x' })],
  ];
  for (const [what, answer] of failures) {
    it(`is held on when the answer is ${what}, and gets live items where nothing is known to be missing`, async () => {
      const bench = await start('ch', (count) => (count < 2 ? answer : undefined));
      const told = watchRecoveries(bench.proxy);
      await bench.pass(10_000);
      await bench.pass(100);
      await bench.origin.request(1);
      await settle(40);
      await bench.publish('live ');
      await bench.client.bodyWith('[live ');
      await bench.pass(1000);
      await bench.pass(2000);
      await bench.client.bodyWith('[live from the link');
      assert.equal(bench.proxy.stats().sessions, 1);
      assert.deepEqual(told, ['recover stream: quiet', 'recovered stream: link']);
    });
  }

  it('is asked every 16 seconds after the first half minute, for as long as the client stays', async () => {
    let isDown = true;
    const bench = await start('ch', () => (isDown ? (res) => res.writeHead(503).end() : undefined));
    await bench.pass(10_000);
    await bench.pass(100);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000, 16_000]) {
      const asked = bench.asked.length;
      await bench.pass(ms - 1);
      assert.equal(bench.asked.length, asked);
      await bench.pass(1);
      assert.equal(bench.asked.length, asked + 1);
    }
    isDown = false;
    await bench.pass(16_000);
    await bench.client.bodyWith('[from the link');
    // What comes now is a success: the next failure begins from the start.
    isDown = true;
    await bench.pass(10_000);
    await bench.pass(100);
    const asked = bench.asked.length;
    await bench.pass(1000);
    assert.equal(bench.asked.length, asked + 1);
    bench.client.reset();
    await settle();
    await bench.pass(60_000);
    assert.equal(bench.proxy.stats().timers, 0);
  });

  it('has items wait where one is known to be missing', async () => {
    const bench = await start('ch; prev-id=1', (count) =>
      count < 3 ? (res) => res.writeHead(500).end() : undefined,
    );
    const told = watchRecoveries(bench.proxy);
    const missed = await bench.publish('three', '3', '2');
    assert.equal(missed.queued, 1);
    await bench.pass(100);
    await bench.pass(1000);
    const later = await bench.publish(' four', '4', '3');
    assert.equal(later.queued, 1);
    assert.equal(await bench.body(), '[');
    await bench.pass(2000);
    await bench.pass(4000);
    await bench.client.bodyWith('[from the link four');
    assert.deepEqual(told, ['recover stream: gap', 'recovered stream: link']);
    assert.deepEqual(bench.lastIds(4), ['ch; last-id=1']);
  });

  it('is asked at once where something turns out to be missing meanwhile', async () => {
    const bench = await start('ch', (count) => (count < 1 ? (res) => res.writeHead(500).end() : undefined));
    await bench.pass(10_000);
    await bench.pass(100);
    await bench.origin.request(1);
    await settle(40);
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await bench.client.bodyWith('[from the link');
    await bench.pass(5000);
    assert.equal(bench.asked.length, 3, 'and not once more when its time has come');
  });

  it('is ended where the link leads out of bounds', async () => {
    const bench = await LinkBench.start(stage(), '/', {
      '/': (res) =>
        hold(res, 'stream', 'ch', {
          fields: ['Grip-Link: <http://elsewhere.test/>; rel=next; timeout=10'],
          body: '[',
        }),
    });
    await bench.client.bodyWith('[');
    await bench.pass(10_000);
    await bench.pass(100);
    assert.equal(String((await bench.client.reply()).body), '[');
  });
});
