import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { GripProxy, GripProxyOptions, RouteOptions } from '@p-8/core';
import { answerEvents, type EventsAnswer, events, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { Counting, isQueued, LARGE, numbersOf, OverflowWatch, upTo } from './support/slow-clients.js';
import { WebSocketBench } from './support/web-socket-bench.js';

const MB = 1024 * 1024;
const STALL = 60_000;

describe('slow clients', () => {
  const stage = useStage();
  let watch: OverflowWatch;
  let bench: WebSocketBench;
  let proxy: GripProxy;
  let items: Counting;
  /** The proxy's ends of the clients' connections. */
  let sockets: Socket[];

  /** The path of a request is the name of its channel. With `numbered`, a next link brings what a client misses. */
  async function open(
    options: GripProxyOptions,
    numbered = false,
    route: Partial<RouteOptions> = {},
  ): Promise<void> {
    watch = new OverflowWatch();
    sockets = [];
    const origin = await stage().origin((res, seen) => {
      const channel = seen.url.slice(1);
      if (seen.method === 'POST') {
        seen.res.req.on('end', () => answerEvents(res, answer(seen.body.toString('latin1'), channel)));
      } else if (!numbered) {
        hold(res, 'stream', channel, { body: '[' });
      } else {
        const isLink = seen.rawHeaders.includes('Grip-Last');
        const body = isLink ? `(${items.after(seen, channel)})` : '[';
        const fields = [`Grip-Link: </${channel}>; rel=next`];
        hold(res, 'stream', `${channel}; prev-id=${items.count(channel)}`, { body, fields });
      }
    });
    const target = { url: origin.url, overHttp: true };
    const settings = { sessionQueueBytes: 100 * MB, logger: watch.logger, ...options };
    bench = await WebSocketBench.with(stage(), origin, target, { proxy: settings, route });
    ({ proxy } = bench);
    bench.server.server.on('connection', (socket: Socket) => sockets.push(socket));
    watch.listen(proxy);
    items = new Counting(proxy, numbered);
  }

  function answer(text: string, channel: string): EventsAnswer {
    if (text !== 'OPEN\r\n') return obliging(text);
    return {
      fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
      body: events(['OPEN'], ['TEXT', `c:${JSON.stringify({ type: 'subscribe', channel })}`]),
    };
  }

  /** Publishes until the system takes nothing more for a client that does not read. */
  async function fill(channel: string): Promise<void> {
    await items.until([channel], isQueued);
    for (let full = 0; full < 3; ) {
      const before = proxy.backlog().bytes;
      await items.send(channel);
      full = proxy.backlog().bytes >= before + LARGE ? full + 1 : 0;
    }
  }

  /** A client whose connection is full. */
  async function slowStream(channel: string): Promise<RawClient> {
    const client = await stage().client(bench.server);
    client.request(`GET /${channel}`);
    await client.bodyWith('[');
    client.socket.pause();
    await fill(channel);
    return client;
  }

  async function slowWebSocket(channel: string): Promise<WsClient> {
    const client = await bench.open(`/${channel}`);
    await eventually(() => proxy.hub.subscriberCount(channel) === 1, 'a subscription');
    client.pause();
    await fill(channel);
    return client;
  }

  async function sendMore(channel: string, count: number): Promise<void> {
    for (let i = 0; i < count; i++) await items.send(channel);
  }

  /** Waits until a client has the last item of a channel, and does not look at each piece that comes before. */
  async function everything(client: RawClient, channel: string): Promise<{ readonly body: Buffer }> {
    client.socket.resume();
    await client.bytes(items.bytes(channel));
    return await client.bodyWith(`<${channel}:${items.count(channel)}>`);
  }

  /** The channels of the clients that were too slow. */
  function shed(): string[] {
    return watch.holds.flatMap(({ channels }) => channels);
  }

  describe('that have too much waiting all together', () => {
    it('are ended where the most waits, and the others go on', async () => {
      const totalQueueBytes = 8 * MB;
      await open({ totalQueueBytes });
      const clients = new Map<string, RawClient>();
      for (let i = 1; i <= 10; i++) clients.set(`s${i}`, await slowStream(`s${i}`));
      const mores = new Map<string, number>();
      for (let i = 1; i <= 10 && watch.events.length === 0; i++) {
        for (let more = 1; more <= i && watch.events.length === 0; more++) {
          await items.send(`s${i}`);
          mores.set(`s${i}`, more);
        }
      }
      const { bytes, overflows } = proxy.backlog();
      const ended = new Set(shed());
      assert.equal(overflows.ceiling, ended.size);
      assert.deepEqual(new Set(watch.events), new Set(['stream ceiling close']));
      assert(bytes <= totalQueueBytes * 0.75 && bytes > totalQueueBytes / 2, `${bytes} bytes`);
      assert(ended.size >= 2 && ended.size <= 5, [...ended].join());
      const amounts = (those: boolean): number[] =>
        [...clients.keys()].filter((one) => ended.has(one) === those).map((one) => mores.get(one) ?? 0);
      // Besides, a few items of each wait since before.
      assert(Math.min(...amounts(true)) >= Math.max(...amounts(false)) - 4, [...ended].join());
      for (const [channel, client] of clients) {
        client.socket.resume();
        if (ended.has(channel)) {
          await client.closed();
          assert.equal(client.replies[0]?.complete, false);
        } else {
          const count = items.count(channel);
          const { body } = await everything(client, channel);
          assert.deepEqual(numbersOf(body, channel), upTo(count));
        }
      }
      await eventually(() => proxy.backlog().bytes === 0, 'nothing that waits');
    });

    it('recover where they can', async () => {
      await open({ totalQueueBytes: 4 * MB }, true);
      const small = await slowStream('small');
      const large = await slowStream('large');
      for (let i = 0; watch.events.length === 0; i++) {
        assert(i < 100, 'nobody is too slow');
        await items.send('large');
      }
      assert.deepEqual(watch.events, ['stream ceiling recover']);
      assert.deepEqual(shed(), ['large']);
      assert(proxy.backlog().bytes < MB);
      for (const [channel, client] of Object.entries({ small, large })) {
        client.socket.resume();
        const count = items.count(channel);
        const { body } = await everything(client, channel);
        assert.deepEqual(numbersOf(body, channel), upTo(count));
      }
    });

    it('are ended when what they cannot drop is too much already', async () => {
      await open({ totalQueueBytes: 100_000 }, true);
      const client = await stage().client(bench.server);
      client.request('GET /a');
      await client.bodyWith('[');
      client.socket.pause();
      await items.until(['a'], () => watch.events.length > 0);
      assert.deepEqual(watch.events, ['stream ceiling recover', 'stream ceiling close']);
      assert.deepEqual(proxy.stats().sessions, 0);
      client.socket.resume();
      await client.closed();
    });

    it('are WebSockets that are closed with 1013, and have nothing more that waits', async () => {
      await open({ totalQueueBytes: 4 * MB });
      const other = await slowWebSocket('other');
      const client = await slowWebSocket('ws');
      for (let i = 0; watch.events.length === 0; i++) {
        assert(i < 100, 'nobody is too slow');
        await items.send('ws');
      }
      assert.deepEqual(watch.events, ['websocket ceiling close']);
      assert.deepEqual(shed(), ['ws']);
      // Not only in the books: the Close is all that follows what the connection has been given.
      assert(proxy.backlog().bytes < MB, `${proxy.backlog().bytes} bytes`);
      client.resume();
      await client.sees('close 1013 too slow');
      const seen = client.received.flatMap((message) => numbersOf(message.slice(0, 100), 'ws'));
      assert.deepEqual(seen, upTo(seen.length));
      assert(seen.length < items.count('ws') - 20, `${seen.length} of ${items.count('ws')}`);
      client.close(1013);
      other.resume();
      const count = items.count('other');
      await other.sees(`text ${items.content('other', count)}`);
      assert.equal(other.received.length, count);
    });
  });

  /** How much more waits for each of some items of one byte. */
  async function costOfTiny(channel: string): Promise<number> {
    const { bytes } = proxy.backlog();
    for (let i = 0; i < 100; i++) await proxy.publish(channel, { 'http-stream': 'x', 'ws-message': 'x' });
    return (proxy.backlog().bytes - bytes) / 100;
  }

  describe('that have tiny items waiting', () => {
    it('count what a chunk of a stream takes, not only its bytes', async () => {
      await open({});
      await slowStream('s');
      assert((await costOfTiny('s')) > 300);
    });

    it('count what a WebSocket message takes', async () => {
      await open({});
      await slowWebSocket('ws');
      assert((await costOfTiny('ws')) > 100);
    });

    it('are too slow when that is too much', async () => {
      await open({ sessionQueueBytes: 2 * MB });
      await slowStream('s');
      for (let i = 0; i < 10_000; i++) await proxy.publish('s', { 'http-stream': 'x' });
      assert.deepEqual(watch.events, ['stream queue close']);
    });
  });

  describe('that use SockJS and do not poll', () => {
    async function session(options: GripProxyOptions): Promise<RawClient> {
      await open(options, false, { sockjs: '/sockjs', sockjsAsPath: '/ws' });
      const client = await stage().client(bench.server);
      client.request('POST /sockjs/0/s/xhr', [], '');
      assert.equal(String((await client.reply()).body), 'o\n');
      await eventually(() => proxy.hub.subscriberCount('ws') === 1, 'a subscription');
      return client;
    }

    async function poll(client: RawClient, index: number): Promise<string> {
      client.request('POST /sockjs/0/s/xhr');
      return String((await client.reply(index)).body);
    }

    it('count as well, and are closed when too much waits', async () => {
      const client = await session({ totalQueueBytes: MB });
      assert.equal(isQueued(await items.send('ws')), false);
      assert.equal(isQueued(await items.send('ws')), true);
      assert(proxy.backlog().bytes >= LARGE);
      await items.until(['ws'], () => watch.events.length > 0);
      assert.deepEqual(watch.events, ['websocket ceiling close']);
      assert.equal(proxy.backlog().bytes, 0);
      assert.equal(await poll(client, 1), 'c[1013,"too slow"]\n');
      await bench.pass(5000);
    });

    it('count what a message takes, also one that is escaped', async () => {
      const client = await session({});
      assert.equal(isQueued(await items.send('ws')), false);
      assert.equal(isQueued(await items.send('ws')), true);
      assert((await costOfTiny('ws')) > 40);
      const { bytes } = proxy.backlog();
      await proxy.publish('ws', { 'ws-message': '\0'.repeat(1000) });
      assert(proxy.backlog().bytes >= bytes + 6000);
      await proxy.publish('ws', { 'ws-message': { action: 'close' } });
      await poll(client, 1);
      await poll(client, 2);
      await bench.pass(5000);
    });

    it('get the newest items when they come back, by the policy conflate', async () => {
      const client = await session({ sessionQueueBytes: 2 * LARGE, slowClient: 'conflate' });
      for (let i = 0; i < 9; i++) await items.send('ws');
      assert.deepEqual(watch.events, ['websocket queue conflate']);
      const seen = [];
      for (let i = 1; seen.at(-1) !== 9; i++) seen.push(...numbersOf(await poll(client, i), 'ws'));
      assert.deepEqual(seen, [...upTo(seen.length - 1), 9]);
      assert(seen.length < 9);
      assert.equal(proxy.backlog().bytes, 0);
      await proxy.publish('ws', { 'ws-message': { action: 'close' } });
      await poll(client, client.replies.length);
      await bench.pass(5000);
    });
  });

  describe('that take nothing', () => {
    it('are cut after the time-out: a stream', async () => {
      await open({ stallTimeout: STALL });
      const client = await slowStream('a');
      bench.clock.advance(STALL - 1);
      assert.equal(proxy.stats().sessions, 1);
      bench.clock.advance(STALL / 4 + 1);
      assert.deepEqual(watch.events, ['stream stall close']);
      assert.deepEqual(proxy.backlog(), { bytes: 0, overflows: { queue: 0, ceiling: 0, stall: 1 } });
      assert.equal(bench.server.held, 0);
      client.socket.resume();
      await client.closed();
      assert.equal(client.replies[0]?.complete, false);
    });

    it('are cut after the time-out: a WebSocket', async () => {
      await open({ stallTimeout: STALL });
      const client = await slowWebSocket('a');
      await bench.pass(STALL - 1);
      assert.equal(proxy.stats().sessions, 1);
      await bench.pass(STALL / 4 + 1);
      assert.deepEqual(watch.events, ['websocket stall close']);
      assert.deepEqual(proxy.backlog(), { bytes: 0, overflows: { queue: 0, ceiling: 0, stall: 1 } });
      client.resume();
      await client.closed();
      assert(!client.received.some((message) => message.startsWith('close')));
    });

    it('are cut after the time-out also when the stream has ended, and only the rest is on its way', async () => {
      await open({ stallTimeout: STALL });
      const client = await slowStream('a');
      await proxy.publish('a', { 'http-stream': { action: 'close' } });
      assert.equal(proxy.stats().sessions, 0);
      assert(proxy.backlog().bytes > 0);
      bench.clock.advance(STALL * 1.25);
      assert.equal(bench.server.held, 0);
      assert.deepEqual(watch.events, ['stream stall close']);
      assert.deepEqual(proxy.backlog(), { bytes: 0, overflows: { queue: 0, ceiling: 0, stall: 1 } });
      client.socket.resume();
      await client.closed();
      assert.equal(client.replies[0]?.complete, false);
    });

    it('are not cut where the time-out is 0', async () => {
      await open({ stallTimeout: 0 });
      const client = await slowStream('a');
      bench.clock.advance(1e9);
      await settle();
      client.socket.resume();
      await everything(client, 'a');
    });
  });

  describe('that take a little now and then', () => {
    /** Has the client read until its connection has taken something more. */
    async function dribble(): Promise<void> {
      const [socket] = sockets as (Socket & { _handle: { writeQueueSize: number } })[];
      assert(socket);
      const left = (): number => socket.writableLength + socket._handle.writeQueueSize;
      const before = left();
      resume();
      await eventually(() => left() !== before, 'something taken');
      pause();
    }

    let pause: () => void;
    let resume: () => void;

    /** Much longer than the time-out, in steps that are shorter. */
    async function dribbleOn(): Promise<void> {
      for (let i = 0; i < 3; i++) {
        bench.clock.advance(STALL * 0.9);
        await dribble();
      }
      assert.deepEqual(watch.events, []);
      assert(proxy.backlog().bytes > 0, 'it has taken all');
    }

    it('are not cut: a stream, in the midst of one large item too', async () => {
      await open({ stallTimeout: STALL });
      const client = await slowStream('a');
      pause = () => client.socket.pause();
      resume = () => client.socket.resume();
      await items.send('a', 40 * MB);
      await dribbleOn();
      await proxy.publish('a', { 'http-stream': { action: 'close' } });
      await dribbleOn();
      await everything(client, 'a');
      assert.deepEqual(numbersOf((await client.reply()).body, 'a'), upTo(items.count('a')));
    });

    it('are not cut: a WebSocket', async () => {
      await open({ stallTimeout: STALL });
      const client = await slowWebSocket('a');
      pause = () => client.pause();
      resume = () => client.resume();
      await sendMore('a', 200);
      await dribbleOn();
      resume();
      await client.sees(`text ${items.content('a', items.count('a'))}`);
    });
  });
});
