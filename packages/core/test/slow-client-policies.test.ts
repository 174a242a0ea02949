import assert from 'node:assert/strict';
import type { GripProxy, GripProxyOptions, RouteOptions } from '@p-8/core';
import { events, obliging } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import {
  Counting,
  isQueued,
  LARGE,
  lastIds,
  numbersOf,
  OverflowWatch,
  upTo,
} from './support/slow-clients.js';
import { WebSocketBench } from './support/web-socket-bench.js';

const QUEUE = 3 * LARGE;

describe('a client that is too slow', () => {
  const stage = useStage();
  let watch: OverflowWatch;
  let proxy: GripProxy;
  let items: Counting;
  beforeEach(() => {
    watch = new OverflowWatch();
  });

  function nothingWaits(): void {
    assert.equal(proxy.backlog().bytes, 0);
  }

  describe('on a stream', () => {
    let origin: Origin;
    let client: RawClient;
    let clock: ManualClock;

    interface Held {
      readonly channels?: readonly string[];
      readonly fields?: readonly string[];
      /** Has ids, and a next link that brings what a client misses. */
      readonly numbered?: boolean;
      readonly proxy?: GripProxyOptions;
      readonly route?: Partial<RouteOptions>;
    }

    async function held({
      channels = ['a'],
      fields = [],
      numbered = false,
      ...options
    }: Held): Promise<void> {
      origin = await stage().origin((res, seen, count) => {
        const body =
          count === 0 ? '[' : `[link ${count}]${channels.map((one) => items.after(seen, one)).join('')}`;
        const names = channels.map((one) => (numbered ? `${one}; prev-id=${items.count(one)}` : one));
        const link = numbered ? ['Grip-Link: </next>; rel=next'] : [];
        hold(res, 'stream', names, { body, fields: [...link, ...fields] });
      });
      clock = new ManualClock();
      const server = await stage().proxy({
        routes: [{ target: origin.url, ...options.route }],
        sessionQueueBytes: QUEUE,
        clock,
        logger: watch.logger,
        ...options.proxy,
      });
      ({ proxy } = server);
      watch.listen(proxy);
      items = new Counting(proxy, numbered);
      client = await stage().client(server);
      client.request('GET /');
      await client.bodyWith('[');
      client.socket.pause();
    }

    /** Publishes until the client has been too slow for another time. */
    async function overflow(channels: readonly string[] = ['a']): Promise<void> {
      const before = watch.events.length;
      await items.until(channels, () => watch.events.length > before);
    }

    /** Lets the client read until it has all that its next link brings. */
    async function catchUp(link: number): Promise<string> {
      client.socket.resume();
      await origin.request(link);
      await eventually(() => proxy.stats().upstreamRequests === 0, 'the end of the link');
      await items.send('a', 100);
      await client.tail(`<a:${items.count('a')}>`);
      const { body } = await client.bodyWith(`<a:${items.count('a')}>`);
      return String(body);
    }

    describe('by the policy recover', () => {
      it('gets everything from its next link, in order, and the origin is told what each channel lacks', async () => {
        const channels = ['a', 'b', 'c'];
        await held({ channels, numbered: true });
        await items.send('c');
        // More of one than of the other.
        await overflow(['a', 'b', 'a']);
        for (const channel of ['b', 'a', 'a']) assert.equal(isQueued(await items.send(channel)), true);
        assert.deepEqual(watch.events, ['stream queue recover']);
        const body = await catchUp(1);
        for (const one of channels) assert.deepEqual(numbersOf(body, one), upTo(items.count(one)), one);
        const told = lastIds(await origin.request(1));
        const before = body.slice(0, body.indexOf('[link 1]'));
        for (const one of channels) assert.equal(told.get(one), String(numbersOf(before, one).length), one);
        assert(Number(told.get('a')) < items.count('a') - 3, 'nothing was dropped');
        nothingWaits();
      });

      it('may be so slow five times in a row, and is ended then', async () => {
        await held({ numbered: true });
        for (let i = 1; i <= 5; i++) {
          await overflow();
          assert.equal(watch.events.at(-1), 'stream queue recover');
          await catchUp(i);
          client.socket.pause();
        }
        await overflow();
        assert.equal(watch.events.at(-1), 'stream queue close');
        assert.deepEqual(proxy.backlog(), { bytes: 0, overflows: { queue: 6, ceiling: 0, stall: 0 } });
        client.socket.resume();
        await client.closed();
        assert.equal(client.replies[0]?.complete, false);
      });

      it('may be so slow again and again when it catches up in between', async () => {
        await held({ numbered: true });
        for (let i = 1; i <= 7; i++) {
          await overflow();
          await catchUp(i);
          clock.advance(1000);
          assert.equal((await items.send('a', 100)).delivered, 1);
          client.socket.pause();
        }
        assert.deepEqual(new Set(watch.events), new Set(['stream queue recover']));
        client.socket.resume();
      });

      it('keeps what has no number: no link could be asked for it', async () => {
        await held({ channels: ['a'], fields: ['Grip-Link: </next>; rel=next'] });
        await overflow();
        // The last one found no room; the link has to know.
        const count = items.count('a') - 1;
        client.socket.resume();
        const { body } = await client.bodyWith('[link 1]');
        assert.deepEqual(numbersOf(String(body).split('[link 1]')[0] ?? '', 'a'), upTo(count));
      });

      it('is ended by a publisher’s close that came meanwhile, after what the link brings', async () => {
        await held({ numbered: true, fields: ['Grip-Channel: end'] });
        await overflow();
        await proxy.publish('end', { 'http-stream': { action: 'close' } });
        client.socket.resume();
        const { body } = await client.reply();
        assert.deepEqual(numbersOf(body, 'a'), upTo(items.count('a')));
        nothingWaits();
      });
    });

    describe('by the policy close', () => {
      it('is cut without the last chunk, although there is a next link', async () => {
        await held({ numbered: true, proxy: { slowClient: 'close' } });
        await overflow();
        assert.deepEqual(watch.events, ['stream queue close']);
        assert.equal(proxy.stats().sessions, 0);
        nothingWaits();
        client.socket.resume();
        await client.closed();
        assert.equal(client.replies[0]?.complete, false);
        assert.equal(origin.requests.length, 1);
      });

      it('is told of once, while it still is held, and whoever hears of it may publish', async () => {
        await held({ proxy: { slowClient: 'close' } });
        const order: string[] = [];
        proxy.on('overflow', () => {
          order.push('overflow');
          void proxy.publish('a', { 'http-stream': 'x'.repeat(QUEUE) });
        });
        proxy.on('release', (_hold, why) => order.push(why));
        await overflow();
        assert.deepEqual(order, ['overflow', 'slow']);
        assert.deepEqual(watch.holds[0]?.channels, ['a']);
      });
    });

    describe('by the policy conflate', () => {
      it('gets what waited in its order, then the newest item of each channel', async () => {
        await held({ channels: ['a', 'b'], proxy: { slowClient: 'conflate' } });
        await overflow(['a', 'b']);
        const waited = items.count('a') + items.count('b') - 1;
        for (let i = 0; i < 10; i++) {
          for (const one of ['a', 'b']) assert.equal(isQueued(await items.send(one)), true);
        }
        assert.deepEqual(watch.events, ['stream queue conflate']);
        client.socket.resume();
        const { body } = await client.bodyWith(`<b:${items.count('b')}>`);
        const [a, b] = [numbersOf(body, 'a'), numbersOf(body, 'b')];
        assert.deepEqual(a, [...upTo(a.length - 1), items.count('a')]);
        assert.deepEqual(b, [...upTo(b.length - 1), items.count('b')]);
        assert.equal(a.length + b.length, waited + 2);
        await eventually(() => proxy.backlog().bytes === 0, 'nothing that waits');
        assert.equal((await items.send('a')).delivered, 1);
      });

      it('is cut when even the newest items of its channels have no room', async () => {
        const channels = ['a', 'b', 'c', 'd', 'e'];
        await held({ channels, proxy: { slowClient: 'conflate' } });
        await overflow();
        for (const one of channels) await items.send(one);
        assert.deepEqual(watch.events, ['stream queue conflate', 'stream queue close']);
        nothingWaits();
        client.socket.resume();
        await client.closed();
        assert.equal(client.replies[0]?.complete, false);
      });

      it('gets the newest items also when it is ended meanwhile', async () => {
        await held({ proxy: { slowClient: 'conflate' } });
        await overflow();
        await items.send('a');
        await proxy.publish('a', { 'http-stream': { action: 'close' } });
        client.socket.resume();
        assert.equal(numbersOf((await client.reply()).body, 'a').at(-1), items.count('a'));
        nothingWaits();
      });

      it('does not lose items of a channel that recovers, and what it has conflated is asked for too', async () => {
        await held({
          channels: ['a', 'b'],
          numbered: true,
          fields: ['Grip-Slow-Client: conflate; channel=b'],
        });
        await overflow(['b']);
        for (let i = 0; i < 3; i++) await items.send('b');
        await items.until(['a'], () => watch.events.length > 1);
        assert.deepEqual(watch.events, ['stream queue conflate', 'stream queue recover']);
        const body = await catchUp(1);
        assert.deepEqual(numbersOf(body, 'a'), upTo(items.count('a')));
        assert.deepEqual(numbersOf(body, 'b'), upTo(items.count('b')));
      });

      it('is flushed when the newest items have left', async () => {
        await held({ proxy: { slowClient: 'conflate' } });
        await overflow();
        const waits = proxy.publish('a', { 'http-stream': 'x'.repeat(LARGE) }, { wait: 'flush' });
        await items.send('a', 100);
        client.socket.resume();
        await client.bodyWith(`<a:${items.count('a')}>`);
        clock.advance(10);
        assert.equal((await waits).delivered, 1);
      });
    });

    it('is cut by default where there is no next link', async () => {
      await held({});
      await overflow();
      assert.deepEqual(watch.events, ['stream queue close']);
    });

    const all = 'Grip-Slow-Client: close';
    const one = 'Grip-Slow-Client: recover; channel=a';
    const other = 'Grip-Slow-Client: close; channel=b';
    const table: [string, Held, string][] = [
      ['nothing', {}, 'recover'],
      ['the proxy', { proxy: { slowClient: 'conflate' } }, 'conflate'],
      ['the route', { proxy: { slowClient: 'conflate' }, route: { slowClient: 'close' } }, 'close'],
      [
        'the origin',
        { proxy: { slowClient: 'recover' }, route: { slowClient: 'conflate' }, fields: [all] },
        'close',
      ],
      ['the origin, of this channel', { route: { slowClient: 'conflate' }, fields: [all, one] }, 'recover'],
      [
        'the route, where the origin says it of another',
        { route: { slowClient: 'conflate' }, fields: [other] },
        'conflate',
      ],
    ];
    for (const [who, options, action] of table) {
      it(`is treated as ${who} says`, async () => {
        await held({ ...options, numbered: true });
        await overflow();
        assert.deepEqual(watch.events, [`stream queue ${action}`]);
        assert.deepEqual(proxy.backlog().overflows, { queue: 1, ceiling: 0, stall: 0 });
      });
    }

    it('is called too slow sooner on a route with a smaller queue', async () => {
      await held({ proxy: { sessionQueueBytes: 100_000_000 }, route: { sessionQueueBytes: 2 * LARGE } });
      await overflow();
    });

    it('is in the log at info', async () => {
      await held({});
      await overflow();
      assert.equal(watch.lines.length, 1);
      const { level, fields } = watch.lines[0] ?? {};
      const { bytes, ...others } = fields as { bytes: number };
      assert.equal(level, 'info');
      assert.deepEqual(others, {
        uri: `http://example.com/`,
        channel: 'a',
        reason: 'queue',
        action: 'close',
      });
      assert(bytes > 2 * LARGE, `${bytes} bytes`);
    });
  });

  describe('on a WebSocket', () => {
    let bench: WebSocketBench;
    let client: WsClient;

    async function held(
      options: GripProxyOptions,
      fields: readonly string[] = [],
      channels = ['a', 'b'],
    ): Promise<void> {
      const subscribing = channels.map(
        (channel) => ['TEXT', `c:${JSON.stringify({ type: 'subscribe', channel })}`] as const,
      );
      const grip = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
      bench = await WebSocketBench.overHttp(
        stage(),
        (text) =>
          text === 'OPEN\r\n'
            ? { fields: [...grip, ...fields], body: events(['OPEN'], ...subscribing) }
            : obliging(text),
        { proxy: { sessionQueueBytes: QUEUE, logger: watch.logger, ...options } },
      );
      ({ proxy } = bench);
      watch.listen(proxy);
      items = new Counting(proxy, false);
      client = await bench.open();
      await eventually(() => proxy.stats().channels === channels.length, 'the channels');
    }

    async function overflow(channels: readonly string[] = ['a']): Promise<void> {
      client.pause();
      await items.until(channels, () => watch.events.length > 0);
    }

    function numbers(channel: string): number[] {
      return client.received.flatMap((message) => numbersOf(message.slice(0, 100), channel));
    }

    for (const slowClient of [undefined, 'close', 'recover'] as const) {
      it(`is closed with 1013 after what waits for it, by the policy ${slowClient ?? 'that is the default'}`, async () => {
        await held(slowClient === undefined ? {} : { slowClient });
        await overflow();
        assert.deepEqual(watch.events, ['websocket queue close']);
        assert.deepEqual(watch.holds[0]?.channels, ['a', 'b']);
        assert.equal((await items.send('a')).matched, 0);
        client.resume();
        await client.sees('close 1013 too slow');
        assert.deepEqual(numbers('a'), upTo(items.count('a') - 2));
        client.close(1013);
        await client.closed();
        await eventually(() => proxy.backlog().bytes === 0, 'nothing that waits');
      });
    }

    it('gets what waited, then the newest item of each channel, by the policy conflate', async () => {
      await held({ slowClient: 'conflate' });
      await overflow(['a', 'b']);
      for (let i = 0; i < 10; i++) {
        for (const channel of ['a', 'b']) assert.equal(isQueued(await items.send(channel)), true);
      }
      assert.deepEqual(watch.events, ['websocket queue conflate']);
      client.resume();
      await client.sees(`text ${items.content('b', items.count('b'))}`);
      for (const channel of ['a', 'b']) {
        const seen = numbers(channel);
        assert.deepEqual(seen, [...upTo(seen.length - 1), items.count(channel)]);
        assert(seen.length < items.count(channel));
      }
      await eventually(() => proxy.backlog().bytes === 0, 'nothing that waits');
    });

    it('gets the newest item before a Close that comes meanwhile', async () => {
      await held({ slowClient: 'conflate' });
      await overflow();
      await items.send('a');
      await proxy.publish('a', { 'ws-message': { action: 'close', code: 1001 } });
      client.resume();
      await client.sees('close 1001');
      assert.equal(numbers('a').at(-1), items.count('a'));
      client.close(1001);
    });

    it('is closed when even the newest items have no room', async () => {
      const channels = ['a', 'b', 'c', 'd', 'e'];
      await held({ slowClient: 'conflate' }, [], channels);
      await overflow();
      for (const channel of channels) await items.send(channel);
      assert.deepEqual(watch.events, ['websocket queue conflate', 'websocket queue close']);
      client.resume();
      await client.sees('close 1013 too slow');
    });

    it('is treated as the response that lets it in says, of all channels and of each', async () => {
      await held({ slowClient: 'close' }, ['Grip-Slow-Client: close, conflate; channel=a']);
      await overflow();
      assert.deepEqual(watch.events, ['websocket queue conflate']);
      await items.until(['b'], () => watch.events.length > 1);
      assert.deepEqual(watch.events, ['websocket queue conflate', 'websocket queue close']);
    });

    it('is let in with a word that there is not, and treated as if none had been said', async () => {
      await held({ slowClient: 'conflate' }, ['Grip-Slow-Client: whatever']);
      await overflow();
      assert.deepEqual(watch.events, ['websocket queue conflate']);
    });

    it('is none that takes all, however much comes in one turn', async () => {
      await held({ sessionQueueBytes: 1000 });
      const sizes = [900, 900, 60_000, 3_000_000];
      const receipts = await Promise.all(
        sizes.map((size) => proxy.publish('a', { 'ws-message': 'x'.repeat(size) })),
      );
      assert.deepEqual(
        receipts.map(({ delivered }) => delivered),
        sizes.map(() => 1),
      );
      assert.deepEqual(
        (await client.count(4)).map(({ content }) => content.length),
        sizes,
      );
    });
  });
});
