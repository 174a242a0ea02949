import assert from 'node:assert/strict';
import { eventually } from '../../../test/support/eventually.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { LinkBench } from './support/link-bench.js';

const next = (path: string, more = ''): string => `Grip-Link: <${path}>; rel=next${more}`;

describe('a next link that fails', () => {
  const stage = useStage();

  async function start(
    link: OriginHandler,
    more: Record<string, OriginHandler> = {},
    debug = false,
  ): Promise<LinkBench> {
    const handlers = {
      '/': (res: Parameters<OriginHandler>[0]) => respond(res, { fields: [next('/next')], body: '1' }),
      '/next': link,
      ...more,
    };
    return await LinkBench.start(stage(), '/', handlers, (target) => ({ target, debug }));
  }

  it('is asked again after 1, 2, 4, 8 and 16 seconds; then the stream ends', async () => {
    const bench = await start((res) => res.writeHead(503).end('no content for clients'));
    await bench.client.bodyWith('1');
    for (const [index, ms] of [1000, 2000, 4000, 8000, 16_000].entries()) {
      await bench.origin.request(index + 1);
      await bench.pass(ms - 1);
      assert.equal(bench.asked.length, index + 2);
      await bench.pass(1);
    }
    await bench.origin.request(6);
    assert.equal(String((await bench.client.reply()).body), '1');
    await bench.pass(100_000);
    assert.equal(bench.asked.length, 7);
  });

  it('waits up to a second longer, by chance', async () => {
    const bench = await start((res, _seen, count) => res.writeHead(count === 0 ? 500 : 200).end('2'));
    bench.clock.chance = 0.5;
    await bench.origin.request(1);
    await bench.pass(1499);
    assert.equal(bench.asked.length, 2);
    await bench.pass(1);
    assert.equal(String((await bench.client.reply()).body), '12');
  });

  it('has five more attempts after each success', async () => {
    const bench = await start((res, _seen, count) => {
      if (count % 5 !== 4) res.writeHead(500).end();
      else if (count === 14) res.end('end');
      else respond(res, { fields: [next('/next')], body: 'x' });
    });
    for (let i = 0; i < 14; i++) {
      await bench.origin.request(i + 1);
      await bench.pass(8000);
    }
    assert.equal(String((await bench.client.reply()).body), '1xxend');
  });

  it('is asked again where the origin is dead, cuts, or speaks no HTTP', async () => {
    const failures: OriginHandler[] = [
      (res) => res.destroy(),
      (res) => res.socket?.resetAndDestroy(),
      (res) => res.socket?.end('garbage\r\n\r\n'),
      (res) => res.writeHead(302, { Location: '/elsewhere' }).end(),
    ];
    // A connection that was alive and is cut at once is replaced without waiting, so some fail twice.
    const bench = await start((res, seen, count) => {
      const failure = failures[count];
      if (failure === undefined) res.end('2');
      else failure(res, seen, count);
    });
    for (const ms of [1000, 2000, 4000, 8000]) await bench.pass(ms);
    assert.equal(String((await bench.client.reply()).body), '12');
    assert(!bench.asked.includes('/elsewhere'));
  });

  it('ends the stream at once where content has gone out already', async () => {
    const bench = await start((res) => {
      res.writeHead(200, { 'Content-Length': 10 });
      res.write('half');
    });
    await bench.client.bodyWith('1half');
    bench.origin.requests[1]?.res.destroy();
    await bench.client.closed();
    assert.equal(bench.client.replies[0]?.complete, false);
    await bench.pass(60_000);
    assert.equal(bench.asked.length, 2);
  });

  const fatal: [name: string, answer: OriginHandler, detail: string][] = [
    [
      'a response hold',
      (res) => hold(res, 'response', 'ch', { body: 'x' }),
      'Next link returned non-stream hold.',
    ],
    [
      'a hold that does not exist',
      (res) => respond(res, { fields: ['Grip-Hold: maybe'] }),
      "Grip-Hold must be set to either 'response' or 'stream'",
    ],
    [
      'an instruct in JSON',
      (res) => res.writeHead(200, { 'Content-Type': 'application/grip-instruct' }).end('{}'),
      'failed to parse application/grip-instruct content as JSON',
    ],
    [
      'a filter without its meta',
      (res) => hold(res, 'stream', 'ch; filter=build-id', { body: 'x' }),
      "filter error: build-id: no sub meta 'id_format'",
    ],
  ];
  for (const [name, answer, detail] of fatal) {
    it(`by bringing ${name} ends the stream, and is not tried again`, async () => {
      const bench = await start(answer, {}, true);
      assert.equal(String((await bench.client.reply()).body), `1\n\n${detail}\n`);
      await bench.pass(60_000);
      assert.equal(bench.asked.length, 2);
    });
  }

  it('keeps the hold that there was: items wait, and keep-alives go on', async () => {
    const bench = await start((res, _seen, count) => {
      if (count === 1) res.writeHead(500).end();
      else {
        const fields = [next('/next'), 'Grip-Keep-Alive: p; timeout=3'];
        hold(res, 'stream', 'ch', { fields, body: String(count + 2) });
      }
    });
    await eventually(() => bench.proxy.hub.subscriberCount('ch') === 1, 'a hold');
    await bench.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await bench.origin.request(2);
    await bench.pass(500);
    assert.equal((await bench.publish('item')).queued, 1);
    await bench.pass(500);
    await bench.client.bodyWith('124item');
    assert.equal(bench.asked.length, 4);
  });

  it('and that the client does not wait for, is not asked again', async () => {
    const bench = await start((res) => res.writeHead(500).end());
    await bench.origin.request(1);
    await bench.pass(0);
    bench.client.reset();
    await eventually(() => bench.server.held === 0, 'nothing held');
    await bench.pass(60_000);
    assert.equal(bench.asked.length, 2);
  });

  it('and that is being asked, is given up when the client leaves', async () => {
    const bench = await start(() => {});
    await bench.origin.request(1);
    bench.client.reset();
    await bench.origin.abandonedRequest(1);
  });
});
