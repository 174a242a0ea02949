import assert from 'node:assert/strict';
import type { GripProxy, GripProxyOptions, RouteOptions } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { type HoldWatch, useHoldWatch } from './support/hold-watch.js';

const NEXT = 'Grip-Link: </next>; rel=next';
const FILTERED = { 'http-stream': { content: 'x', 'content-filters': ['var-subst'] } };

describe('the events of held requests', () => {
  const stage = useStage();
  const watching = useHoldWatch();
  let clock: ManualClock;
  let server: ProxyServer;
  let proxy: GripProxy;
  let watch: HoldWatch;

  async function start(
    handler: OriginHandler,
    options: GripProxyOptions = {},
    route: Partial<RouteOptions> = {},
  ): Promise<Origin> {
    clock = new ManualClock();
    const origin = await stage().origin(handler);
    server = await stage().proxy({ routes: [{ target: origin.url, ...route }], clock, ...options });
    ({ proxy } = server);
    watch = watching(proxy);
    return origin;
  }

  async function ask(line = 'GET /'): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(line);
    return client;
  }

  /** Publishes in both formats of held requests. */
  const publish = (content: unknown, options = {}): Promise<unknown> =>
    proxy.publish('ch', { 'http-response': content, 'http-stream': content } as never, options);

  describe('a long-poll', () => {
    const HOLD = 'hold response http://example.com/poll?a=1 ch';
    const release = (why: string): string => `release response http://example.com/poll?a=1 ch: ${why}`;

    async function held(
      fields: string[] = [],
      channel = 'ch',
      options?: GripProxyOptions,
    ): Promise<RawClient> {
      await start((res) => hold(res, 'response', channel, { fields, body: '{}' }), options);
      const client = await ask('GET /poll?a=1');
      await watch.count(1);
      return client;
    }

    it('is told when it begins, and is listed until it ends', async () => {
      await held();
      assert.deepEqual(watch.lines, [HOLD]);
      assert.deepEqual(proxy.holds(), [
        { mode: 'response', uri: 'http://example.com/poll?a=1', channels: ['ch'] },
      ]);
      await publish('x');
      assert.deepEqual(watch.lines, [HOLD, release('answered')]);
      assert.deepEqual(proxy.holds(), []);
    });

    it('is answered by one item, whatever comes after it', async () => {
      const client = await held();
      await Promise.all([publish('one'), publish('two')]);
      clock.advance(100_000);
      await client.reply();
      client.destroy();
      await proxy.close();
      assert.deepEqual(watch.lines, [HOLD, release('answered')]);
    });

    it('ends with its time', async () => {
      const client = await held(['Grip-Timeout: 10']);
      clock.advance(10_000);
      assert.deepEqual(watch.lines, [HOLD, release('timeout')]);
      await client.reply();
      await publish('late');
      assert.equal(watch.lines.length, 2);
    });

    for (const how of ['destroy', 'reset'] as const) {
      it(`ends with its client (${how})`, async () => {
        const client = await held();
        client[how]();
        assert.deepEqual(await watch.count(2), [HOLD, release('client')]);
      });
    }

    it('is told anew for each time that its origin is asked again', async () => {
      const client = await held();
      await publish({ action: 'hint' });
      assert.deepEqual(await watch.count(3), [HOLD, release('retry'), HOLD]);
      proxy.hub.recover();
      clock.advance(10_000);
      await watch.count(5);
      client.destroy();
      assert.deepEqual(await watch.count(6), [
        HOLD,
        release('retry'),
        HOLD,
        release('retry'),
        HOLD,
        release('client'),
      ]);
    });

    it('asks again after a gap, and is told to end only then', async () => {
      await start((res, _seen, count) => {
        if (count === 0) hold(res, 'response', 'ch; prev-id=1');
        else respond(res, { body: 'all of it' });
      });
      const client = await ask();
      await watch.count(1);
      await publish('x', { id: '9', 'prev-id': '8' });
      assert.deepEqual(watch.reasons, []);
      clock.advance(10_000);
      assert.deepEqual(watch.reasons, ['retry']);
      assert.equal(String((await client.reply()).body), 'all of it');
    });

    it('ends with an error where whoever debugs is shown one', async () => {
      const client = await held([], 'ch', { debug: true });
      const format = { body: 'x', 'content-filters': ['var-subst'] };
      await proxy.publish('ch', { 'http-response': format });
      assert.deepEqual(watch.lines, [HOLD, release('error')]);
      assert.equal((await client.reply()).status, 502);
    });

    it('ends when the proxy closes', async () => {
      const client = await held();
      await proxy.close();
      assert.deepEqual(watch.lines, [HOLD, release('closing')]);
      await client.reply();
    });

    it('is told again on the same connection', async () => {
      const client = await held();
      for (let count = 1; count <= 3; count++) {
        await watch.count(2 * count - 1);
        await publish('x');
        await client.reply(count - 1);
        client.request('GET /poll?a=1');
      }
      assert.deepEqual((await watch.count(7)).slice(5), [release('answered'), HOLD]);
    });
  });

  describe('a stream', () => {
    const HOLD = 'hold stream http://example.com/ ch';
    const release = (why: string): string => `release stream http://example.com/ ch: ${why}`;

    async function held(fields: string[] = [], options?: GripProxyOptions): Promise<RawClient> {
      await start((res) => hold(res, 'stream', 'ch', { body: '[', fields }), options);
      const client = await ask();
      await client.bodyWith('[');
      await watch.count(1);
      return client;
    }

    it('is told when it begins, is listed while it lasts, and is not told to end by items', async () => {
      const client = await held();
      for (const content of ['a', 'b']) await publish(content);
      await client.bodyWith('ab');
      assert.deepEqual(watch.lines, [HOLD]);
      assert.deepEqual(proxy.holds(), [{ mode: 'stream', uri: 'http://example.com/', channels: ['ch'] }]);
    });

    it('is ended by an item', async () => {
      const client = await held();
      await publish({ action: 'close' });
      assert.deepEqual(watch.lines, [HOLD, release('ended')]);
      await client.reply();
      client.destroy();
      await settle();
      assert.equal(watch.lines.length, 2);
    });

    it('is held while its next links are asked, and ended by the last', async () => {
      await start((res, _seen, count) => {
        if (count < 3) respond(res, { body: `${count}`, fields: [NEXT] });
        else respond(res, { body: 'last' });
      });
      const client = await ask();
      await client.reply();
      assert.deepEqual(watch.lines, [
        'hold stream http://example.com/',
        'release stream http://example.com/: ended',
      ]);
    });

    it('is ended by a next link that has no more, and tells the channels that it had then', async () => {
      await start((res, _seen, count) => {
        if (count === 0) hold(res, 'stream', ['ch', 'a'], { fields: [NEXT] });
        else if (count === 1) hold(res, 'stream', ['b', 'ch'], { body: '[', fields: [NEXT] });
        else respond(res, { body: ']' });
      });
      const client = await ask();
      assert.deepEqual(await watch.count(1), ['hold stream http://example.com/ ch a']);
      await publish({ action: 'hint' });
      await eventually(() => watch.held[0] === 'stream http://example.com/ ch b', 'other channels');
      await client.bodyWith('[');
      await publish({ action: 'hint' });
      await client.reply();
      assert.deepEqual(watch.lines.slice(1), ['release stream http://example.com/ ch b: ended']);
    });

    for (const how of ['destroy', 'reset'] as const) {
      it(`ends with its client (${how})`, async () => {
        const client = await held();
        client[how]();
        assert.deepEqual(await watch.count(2), [HOLD, release('client')]);
      });
    }

    it('ends with its client while a link is asked', async () => {
      await start((res, _seen, count) => {
        if (count === 0) hold(res, 'stream', 'ch', { fields: [NEXT] });
      });
      const client = await ask();
      await watch.count(1);
      await publish({ action: 'hint' });
      client.destroy();
      assert.deepEqual(await watch.count(2), [HOLD, release('client')]);
    });

    it('is cut when its client is too slow and nothing can fill the gap', async () => {
      const client = await held([], { sessionQueueBytes: 300_000 });
      client.socket.pause();
      const block = 'x'.repeat(64 * 1024);
      for (let count = 0; watch.lines.length < 2; count++) {
        await proxy.publish('ch', { 'http-stream': block });
        await settle(2);
        assert(count < 1000, 'nothing fills up');
      }
      assert.deepEqual(watch.lines, [HOLD, release('slow')]);
      client.socket.resume();
      await client.closed();
    });

    it('goes on when its client is slow and a next link will fill the gap', async () => {
      const client = await held([NEXT], { sessionQueueBytes: 300_000 });
      client.socket.pause();
      const block = 'x'.repeat(64 * 1024);
      for (let i = 0; i < 200; i++) {
        await proxy.publish('ch', { 'http-stream': block });
        await settle(2);
      }
      assert.deepEqual([watch.lines, watch.held.length], [[HOLD], 1]);
      client.destroy();
      assert.deepEqual(await watch.count(2), [HOLD, release('client')]);
    });

    it('ends with an error when its next link is none', async () => {
      await start((res, _seen, count) => {
        if (count === 0) respond(res, { fields: [NEXT, 'Grip-Channel: ch'] });
        else hold(res, 'response', 'ch');
      });
      await ask();
      assert.deepEqual(await watch.count(2), [HOLD, release('error')]);
    });

    it('ends with an error when the content of its next link breaks off', async () => {
      const origin = await start((res, _seen, count) => {
        if (count === 0) hold(res, 'stream', 'ch', { fields: [NEXT] });
        else res.writeHead(200, { 'Content-Length': 100 }).write('part');
      });
      const client = await ask();
      await watch.count(1);
      await publish({ action: 'hint' });
      await client.bodyWith('part');
      (await origin.request(1)).res.destroy();
      assert.deepEqual(await watch.count(2), [HOLD, release('error')]);
      await client.closed();
    });

    it('ends with an error where a filter fails and whoever debugs is shown it', async () => {
      await held([], { debug: true });
      await proxy.publish('ch', FILTERED);
      assert.deepEqual(watch.lines, [HOLD, release('error')]);
    });

    it('ends when the proxy closes, whatever its client does then', async () => {
      const client = await held();
      await proxy.close();
      await client.reply();
      client.destroy();
      await settle();
      assert.deepEqual(watch.lines, [HOLD, release('closing')]);
    });

    it('ends when the proxy closes while a link is asked', async () => {
      await start((res, _seen, count) => {
        if (count === 0) respond(res, { body: '[', fields: [NEXT] });
      });
      const client = await ask();
      await watch.count(1);
      await client.bodyWith('[');
      await proxy.close();
      assert.deepEqual(watch.reasons, ['closing']);
    });

    it('is told when all of its own content is there, however long that takes', async () => {
      const large = 'x'.repeat(150_000);
      const origin = await start((res) => {
        res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' }).write(large);
      });
      const client = await ask();
      await client.bodyWith(large);
      assert.deepEqual([watch.lines, watch.held], [[], []]);
      (await origin.request()).res.end();
      assert.deepEqual(await watch.count(1), [HOLD]);
    });
  });

  it('name channels as publishers do', async () => {
    await start((res) => hold(res, 'response', ['a', 'b']), {}, { prefix: 'app-' });
    await ask();
    assert.deepEqual(await watch.count(1), ['hold response http://example.com/ app-a app-b']);
  });

  it('are told for each of many clients of one URI', async () => {
    await start((res) => hold(res, 'stream', 'ch', { body: '[' }));
    const clients = await Promise.all(Array.from({ length: 20 }, () => ask()));
    await watch.count(20);
    assert.equal(watch.held.length, 20);
    for (const client of clients.slice(0, 15)) client.destroy();
    await watch.count(35);
    assert.equal(watch.held.length, 5);
    await publish({ action: 'close' });
    assert.deepEqual(watch.reasons.toSorted(), [...Array(15).fill('client'), ...Array(5).fill('ended')]);
  });

  describe('are not told', () => {
    const large = Buffer.alloc(150_000, 'x');
    const cases: [name: string, handler: OriginHandler, line?: string][] = [
      ['of a response that is none', (res) => respond(res, { body: 'plain' })],
      ['of a request for the head of one', (res) => hold(res, 'stream', 'ch'), 'HEAD /'],
      ['of an instruct that cannot be read', (res) => respond(res, { fields: ['Grip-Hold: for ever'] })],
      ['of a stream that could never fill a gap', (res) => hold(res, 'stream', 'ch; prev-id=1')],
      ['of an origin that fails', (res) => res.destroy()],
      [
        'of a stream whose own content breaks off',
        (res) => {
          res.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
          res.write(large, () => res.destroy());
        },
      ],
    ];
    for (const [name, handler, line] of cases) {
      it(name, async () => {
        await start(handler);
        const client = await ask(line);
        if (name.includes('breaks off')) await client.closed();
        else await client.reply();
        await proxy.close();
        assert.deepEqual(watch.lines, []);
      });
    }

    it('of a client that leaves before its hold', async () => {
      const origin = await start((res) => {
        res
          .writeHead(200, { 'Grip-Hold': 'response', 'Grip-Channel': 'ch', 'Content-Length': 5 })
          .write('abc');
      });
      const client = await ask();
      await origin.request();
      await settle();
      client.destroy();
      await eventually(() => server.held === 0, 'nothing held');
      assert.deepEqual(watch.lines, []);
    });

    it('of a long-poll that has missed an item when it comes: its origin is asked again at once', async () => {
      await start((res, _seen, count) => hold(res, 'response', `ch; prev-id=${count + 1}`));
      await publish('x', { id: '2' });
      await ask();
      assert.deepEqual(await watch.count(1), ['hold response http://example.com/ ch']);
      assert.equal(server.proxy.stats().upstreamRequests, 0);
    });

    it('of what comes when the proxy has closed', async () => {
      await start((res) => hold(res, 'response', 'ch'));
      await proxy.close();
      const client = await ask();
      assert.equal((await client.reply()).status, 503);
      assert.deepEqual(watch.lines, []);
    });
  });
});
