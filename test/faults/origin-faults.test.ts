import assert from 'node:assert/strict';
import type { GripProxy, GripProxyOptions, Receipt } from '@p-8/core';
import { upTo } from '../../packages/core/test/support/slow-clients.js';
import { eventually, settle } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import type { ProxyServer } from '../support/proxy-server.js';
import type { RawClient } from '../support/raw-client.js';
import { useStage } from '../support/stage.js';
import { WsClient } from '../support/ws-client.js';
import { FaultProxy } from './fault-proxy.js';
import { pathOf, type Wish } from './support/log-origin.js';
import { type Trouble, TroubledOrigin } from './support/troubled-origin.js';
import { contentOf, readContent, TrueLog } from './support/true-log.js';

const LINK_TIMEOUT = 20_000;
const RESPONSE_TIMEOUT = 50;

/** Milliseconds until an origin that gave no answer is asked again. */
const DELAYS = [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000];

const STREAM: Wish = { transport: 'stream', channels: ['a'], linked: true, policy: '', user: '' };
const POLL: Wish = { ...STREAM, transport: 'poll' };
const WEB_SOCKET: Wish = { ...STREAM, transport: 'ws', linked: false };

describe('an origin in trouble', () => {
  const stage = useStage();
  let clock: ManualClock;
  let log: TrueLog;
  let origin: TroubledOrigin;
  let server: ProxyServer;
  let proxy: GripProxy;
  /** How often a next link could not be had. */
  let failures: number;

  async function start(options: GripProxyOptions = {}): Promise<void> {
    failures = 0;
    clock = new ManualClock();
    log = new TrueLog();
    origin = new TroubledOrigin(log, LINK_TIMEOUT / 1000);
    await origin.start();
    stage().onClose(() => origin.stop());
    const info = (_fields: object, message: string): void => {
      if (message === 'next link failed') failures++;
    };
    const logger = { error: () => {}, warn: () => {}, info, debug: () => {} };
    server = await stage().proxy({
      target: { url: origin.url, overHttp: true },
      clock,
      logger,
      ...options,
    });
    ({ proxy } = server);
    proxy.attach(server.server);
  }

  /** The next item, which may get lost on its way to the proxy. */
  async function send(isLost = false): Promise<Receipt | undefined> {
    const entry = log.append({ channel: 'a', size: 100, sender: '', at: clock.now() });
    const content = contentOf(entry);
    const formats = { 'http-stream': content, 'http-response': content, 'ws-message': content };
    const ids = { id: String(entry.number), 'prev-id': String(entry.number - 1) };
    return isLost ? undefined : await proxy.publish('a', formats, ids);
  }

  async function stream(): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(`GET ${pathOf(STREAM, 0)}`);
    await client.bodyWith('<start');
    return client;
  }

  /** Asks for what follows the last of so many items. */
  async function poll(count: number): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(`GET ${pathOf(POLL, 0)}&a=${count}`);
    await eventually(() => proxy.holds().some(({ mode }) => mode === 'response'), 'a long-poll');
    return client;
  }

  async function webSocket(): Promise<WsClient> {
    const client = await WsClient.open(stage(), server, pathOf(WEB_SOCKET, 0));
    await client.count(1);
    return client;
  }

  /** The items that a client has got, by number. */
  function itemsOf(client: RawClient | WsClient, index = 0): number[] {
    const text =
      client instanceof WsClient
        ? client.messages
            .filter(({ type }) => type === 'text')
            .map(({ content }) => String(content))
            .join('')
        : String(client.replies[index]?.body);
    return readContent(text).items.map(({ number }) => number);
  }

  async function gets(client: RawClient | WsClient, items: readonly number[]): Promise<void> {
    await eventually(
      () => itemsOf(client).length >= items.length,
      () => `${items} (there are ${itemsOf(client)})`,
    );
    assert.deepEqual(itemsOf(client), items);
  }

  async function failed(times: number): Promise<void> {
    let { asked } = origin;
    await eventually(
      () => {
        if (origin.trouble === 'hangs' && asked !== origin.asked) clock.advance(RESPONSE_TIMEOUT);
        ({ asked } = origin);
        return failures === times && proxy.stats().upstreamRequests === 0;
      },
      () => `${failures} links that failed, of ${times}`,
    );
    await settle();
  }

  /** Nothing has come for so long that the next link is asked. */
  function beQuiet(): void {
    for (let i = 0; i < 3; i++) clock.advance(LINK_TIMEOUT);
    clock.advance(100);
  }

  /** What can be wrong, how often it is tried in the test, and how it begins and ends. */
  const cases: [
    name: string,
    tries: number,
    begin: () => unknown,
    end: () => unknown,
    options?: GripProxyOptions,
  ][] = [['is gone', DELAYS.length, () => origin.stop(), () => origin.start()]];
  const troubles: Trouble[] = [
    'answers 500',
    'answers garbage',
    'resets its connections',
    'breaks off before its content',
    'answers a hold that makes no sense',
    'answers a hold of another kind',
  ];
  const recovers = (): void => {
    origin.trouble = undefined;
  };
  for (const trouble of troubles) {
    const begins = (): void => {
      origin.trouble = trouble;
    };
    cases.push([trouble, DELAYS.length, begins, recovers]);
  }
  const hangs = (): void => {
    origin.trouble = 'hangs';
  };
  cases.push(['hangs', DELAYS.length, hangs, recovers, { responseTimeout: RESPONSE_TIMEOUT }]);

  for (const [name, tries, begin, end, options] of cases) {
    describe(`that ${name}`, () => {
      it('keeps its streams; where nothing is missing, items go on', async () => {
        await start(options);
        const client = await stream();
        await send();
        await begin();
        beQuiet();
        await failed(1);
        for (const [index, delay] of DELAYS.slice(0, tries).entries()) {
          assert.equal((await send())?.delivered, 1);
          clock.advance(delay - 1);
          await settle();
          assert.equal(failures, index + 1);
          clock.advance(1);
          await failed(index + 2);
        }
        await end();
        const { asked } = origin;
        clock.advance(DELAYS[tries] ?? 16_000);
        await eventually(() => origin.asked === asked + 1, 'the next link');
        await eventually(() => proxy.stats().upstreamRequests === 0, 'its end');
        await settle();
        assert.equal((await send())?.delivered, 1);
        await gets(client, upTo(log.count('a')));
        assert.equal(client.ending, undefined);
      });

      it('keeps its streams; where something is missing, items wait until it is back', async () => {
        await start(options);
        const client = await stream();
        await send();
        await begin();
        await send(true);
        assert.equal((await send())?.queued, 1);
        // The proxy waits for what is missing, then for others that miss the same.
        clock.advance(5000);
        clock.advance(100);
        await failed(1);
        for (const [index, delay] of DELAYS.slice(0, tries).entries()) {
          assert.equal((await send())?.queued, 1);
          clock.advance(delay);
          await failed(index + 2);
        }
        assert.deepEqual(itemsOf(client), [1]);
        await end();
        clock.advance(DELAYS[tries] ?? 16_000);
        await gets(client, upTo(log.count('a')));
        await eventually(() => proxy.stats().upstreamRequests === 0, 'the end of the link');
        await settle();
        assert.equal((await send())?.delivered, 1);
        await gets(client, upTo(log.count('a')));
        assert.equal(client.ending, undefined);
      });
    });
  }

  it('behind a line that dribbles and stalls brings by its next link what is missing all the same', async () => {
    await start();
    const line = await FaultProxy.listen(origin, (each) => each.down.dribble(50));
    stage().onClose(() => line.close());
    const slow = await stage().proxy({ target: line.url, clock });
    const client = await stage().client(slow);
    client.request(`GET ${pathOf(STREAM, 0)}`);
    await client.bodyWith('<start');
    for (let i = 0; i < 19; i++) await send(true);
    const { number } = log.append({ channel: 'a', size: 100, sender: '', at: clock.now() });
    await slow.proxy.publish('a', { 'http-stream': 'x' }, { id: `${number}`, 'prev-id': `${number - 1}` });
    clock.advance(100);
    await eventually(() => itemsOf(client).length > 5, 'some of it');
    line.last.down.stall();
    await settle();
    assert(itemsOf(client).length < 20);
    line.last.down.dribble(50);
    await gets(client, upTo(20));
    assert.equal(client.ending, undefined);
  });

  it('cuts its streams when it breaks off in the middle of its content', async () => {
    await start();
    const client = await stream();
    origin.trouble = 'breaks off in the middle of its content';
    beQuiet();
    await client.closed();
    const [reply] = client.replies;
    assert.equal(reply?.complete, false);
    assert.match(String(reply.body), /half$/);
  });

  it('that is restarted costs no client its hold, and items reach all of them while it is gone', async () => {
    await start();
    const clients = [await stream(), await poll(0), await webSocket()] as const;
    await origin.stop();
    assert.deepEqual(await send(), { matched: 3, delivered: 3, queued: 0, filtered: 0, dropped: 0 });
    for (const client of clients) await gets(client, [1]);
    await origin.start();
    const again = await poll(1);
    assert.deepEqual(await send(), { matched: 3, delivered: 3, queued: 0, filtered: 0, dropped: 0 });
    await gets(clients[0], [1, 2]);
    await gets(clients[2], [1, 2]);
    await gets(again, [2]);
  });

  it('that is gone is not needed for the time-out of a long-poll', async () => {
    await start();
    const client = await poll(0);
    await origin.stop();
    clock.advance(30_000);
    const { status, body } = await client.reply();
    assert.deepEqual([status, String(body)], [200, '']);
  });

  it('that is gone is missed by a long-poll that lacks an item: 502, and all of it when it is back', async () => {
    await start();
    const client = await poll(0);
    await send();
    await gets(client, [1]);
    const waiting = await poll(1);
    await send(true);
    await send();
    await origin.stop();
    clock.advance(5000);
    clock.advance(100);
    assert.equal((await waiting.reply()).status, 502);
    await origin.start();
    waiting.request(`GET ${pathOf(POLL, 0)}&a=1`);
    await waiting.reply(1);
    assert.deepEqual(itemsOf(waiting, 1), [2, 3]);
  });

  it('that is gone for a while gets the messages of a WebSocket when it is back, each once', async () => {
    await start();
    const client = await webSocket();
    await origin.stop();
    client.text('one');
    await eventually(() => proxy.stats().timers > 0, 'a try in vain');
    client.text('two');
    assert.equal((await send())?.delivered, 1);
    await gets(client, [1]);
    for (const delay of [1000, 2000]) {
      clock.advance(delay);
      await eventually(() => proxy.stats().timers > 0, 'a try in vain');
      await settle(40);
    }
    await origin.start();
    clock.advance(4000);
    await eventually(() => origin.events.join('').includes('two'), 'the messages');
    const texts = [...origin.events.join('').matchAll(/TEXT 3\r\n(one|two)\r\n/g)].map(([, text]) => text);
    assert.deepEqual(texts, ['one', 'two']);
    assert.equal((await send())?.delivered, 1);
    await gets(client, [1, 2]);
  });

  for (const trouble of ['answers 500', 'answers garbage', 'resets its connections'] as const) {
    it(`that ${trouble} costs a WebSocket with a message for it its connection, and others nothing`, async () => {
      await start();
      const [talks, listens] = [await webSocket(), await webSocket()];
      origin.trouble = trouble;
      talks.text('hello');
      await talks.closed();
      assert.equal((await send())?.delivered, 1);
      await gets(listens, [1]);
      assert.equal(listens.ending, undefined);
      recovers();
    });
  }
});
