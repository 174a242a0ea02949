import assert from 'node:assert/strict';
import type { GripProxy, GripProxyOptions, Logger } from '@p-8/core';
import { silentLogger } from '@p-8/core';
import { event, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { type HoldWatch, useHoldWatch } from './support/hold-watch.js';
import { WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent } from './support/web-socket-party.js';

const NEXT = 'Grip-Link: </next>; rel=next';
const EVENTS = ['subscribe', 'unsubscribe', 'hold', 'release', 'publish'] as const;

/** `/poll` is held for a response, all else as a stream. */
const holding: OriginHandler = (res, { url }) => {
  hold(res, url === '/poll' ? 'response' : 'stream', 'ch', { body: '[' });
};

describe('who listens to a proxy', () => {
  const stage = useStage();
  const watching = useHoldWatch();
  let clock: ManualClock;
  let server: ProxyServer;
  let proxy: GripProxy;

  async function start(handler: OriginHandler, options: GripProxyOptions = {}): Promise<void> {
    clock = new ManualClock();
    const origin = await stage().origin(handler);
    server = await stage().proxy({ target: origin.url, clock, ...options });
    ({ proxy } = server);
  }

  async function ask(path: string): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(`GET ${path}`);
    return client;
  }

  const publish = (content: string): Promise<unknown> =>
    proxy.publish('ch', { 'http-response': content, 'http-stream': content });

  describe('and throws', () => {
    let errors: unknown[];

    beforeEach(async () => {
      errors = [];
      const error: Logger['error'] = (fields) => errors.push(Object.values(fields)[0]);
      await start(holding, { logger: { ...silentLogger, error } });
      for (const name of EVENTS) {
        proxy.on(name, () => {
          throw new Error(name);
        });
      }
    });

    it('disturbs neither clients nor publishers, and is in the log', async () => {
      const [poll, stream] = [await ask('/poll'), await ask('/stream')];
      await stream.bodyWith('[');
      await eventually(() => proxy.holds().length === 2, 'two holds');
      const receipt = await proxy.publish('ch', { 'http-response': 'x', 'http-stream': 'x' });
      assert.equal(receipt.delivered, 2);
      assert.equal(String((await poll.reply()).body), 'x');
      assert.equal(String((await stream.bodyWith('x')).body), '[x');
      assert.equal(proxy.holds().length, 1);
      stream.destroy();
      await eventually(() => server.held === 0, 'nothing held');
      const names = errors.map((error) => (error as Error).message);
      assert.deepEqual(names.toSorted(), [
        'hold',
        'hold',
        'publish',
        'release',
        'release',
        'subscribe',
        'unsubscribe',
      ]);
    });

    it('disturbs nothing when the proxy closes', async () => {
      const [poll, stream] = [await ask('/poll'), await ask('/stream')];
      await stream.bodyWith('[');
      await eventually(() => proxy.holds().length === 2, 'two holds');
      await proxy.close();
      assert.equal((await poll.reply()).complete, true);
      assert.equal((await stream.reply()).complete, true);
      assert.equal(server.held, 0);
    });
  });

  describe('and publishes', () => {
    it('when a long-poll is held, answers it', async () => {
      await start(holding);
      const watch = watching(proxy);
      proxy.on('hold', () => void publish('welcome'));
      const client = await ask('/poll');
      assert.equal(String((await client.reply()).body), 'welcome');
      clock.advance(100_000);
      await settle();
      assert.equal(client.replies.length, 1);
      assert.deepEqual(watch.reasons, ['answered']);
      assert.equal(server.held, 0);
    });

    it('when a stream is held, has it come after the stream’s own content', async () => {
      await start(holding);
      proxy.on('hold', () => void publish('welcome'));
      const client = await ask('/stream');
      assert.equal(String((await client.bodyWith('welcome')).body), '[welcome');
    });

    it('when a stream is held that begins with a link, has it come after the link’s content', async () => {
      await start((res, _seen, count) => {
        if (count === 0) respond(res, { body: '[', fields: ['Grip-Channel: ch', NEXT] });
        else hold(res, 'stream', 'ch', { body: 'next ' });
      });
      proxy.on('hold', () => void publish('welcome'));
      const client = await ask('/stream');
      assert.equal(String((await client.bodyWith('welcome')).body), '[next welcome');
    });

    it('when a long-poll ends, reaches those that come later, and not the one that ends', async () => {
      await start(holding);
      const watch = watching(proxy);
      const receipts: unknown[] = [];
      const client = await ask('/poll');
      await watch.count(1);
      proxy.on('release', () => {
        void proxy.publish('ch', { 'http-response': 'again' }).then(({ matched }) => receipts.push(matched));
      });
      await publish('x');
      assert.equal(String((await client.reply()).body), 'x');
      await settle();
      assert.equal(client.replies.length, 1);
      assert.deepEqual([watch.reasons, receipts], [['answered'], [0]]);
    });

    it('when one hold ends because the proxy closes, answers the other, once', async () => {
      await start(holding);
      const watch = watching(proxy);
      const clients = [await ask('/poll'), await ask('/poll')];
      await watch.count(2);
      proxy.once('release', () => void publish('last words'));
      await proxy.close();
      const [one, two] = await Promise.all(clients.map((client) => client.reply()));
      assert.deepEqual([String(one?.body), String(two?.body)].toSorted(), ['[', 'last words']);
      assert.deepEqual(watch.reasons, ['closing', 'answered']);
    });

    it('when a channel has its first subscriber, answers a long-poll before it is held: nothing is told of it', async () => {
      await start(holding);
      const watch = watching(proxy);
      proxy.on('subscribe', () => void publish('welcome'));
      const client = await ask('/poll');
      assert.equal(String((await client.reply()).body), 'welcome');
      clock.advance(100_000);
      await settle();
      assert.equal(client.replies.length, 1);
      assert.deepEqual(watch.lines, []);
      assert.equal(server.held, 0);
    });

    it('when the first of many channels has its first subscriber, leaves none of them behind', async () => {
      await start((res) => hold(res, 'response', ['a', 'ch', 'b', 'c']));
      proxy.on('subscribe', (channel) => {
        if (channel === 'ch') void publish('welcome');
      });
      const client = await ask('/poll');
      await client.reply();
      assert.equal(server.held, 0);
    });
  });

  describe('and closes the proxy', () => {
    for (const name of ['subscribe', 'hold'] as const) {
      for (const path of ['/poll', '/stream', '/link'] as const) {
        it(`at '${name}' of ${path}, ends it, and leaves nothing`, async () => {
          await start((res, seen, count) => {
            if (seen.url !== '/link') holding(res, seen, count);
            else respond(res, { body: '[', fields: ['Grip-Channel: ch', NEXT] });
          });
          const watch = watching(proxy);
          const closed = new Promise((resolve) => proxy.once(name, () => resolve(proxy.close())));
          const client = await ask(path);
          await closed;
          assert.equal(String((await client.reply()).body), '[');
          assert.deepEqual(watch.reasons, name === 'hold' ? ['closing'] : []);
          assert.equal(clock.pending, 0);
          assert.equal(server.held, 0);
        });
      }
    }

    it('at the end of a hold, ends the others with it', async () => {
      await start(holding);
      const watch = watching(proxy);
      const clients = [await ask('/poll'), await ask('/poll'), await ask('/stream')];
      await watch.count(3);
      proxy.once('release', () => void proxy.close());
      clients[0]?.destroy();
      for (const client of clients.slice(1)) assert.equal((await client.reply()).complete, true);
      assert.deepEqual(watch.reasons, ['client', 'closing', 'closing']);
      await proxy.close();
    });
  });

  describe('a WebSocket', () => {
    async function open(onProxy: (proxy: GripProxy) => void): Promise<WebSocketBench> {
      const first = {
        fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
        body: Buffer.concat([event('OPEN'), controlEvent({ type: 'subscribe', channel: 'ch' })]),
      };
      return await WebSocketBench.overHttp(
        stage(),
        (text) => (text.startsWith('OPEN') ? first : obliging(text)),
        { onProxy, target: { subscribe: ['all'] } },
      );
    }

    it('and publishes to it when it is held, is heard', async () => {
      const bench = await open((own) =>
        own.on('hold', ({ channels: [channel = ''] }) => {
          void own.publish(channel, { 'ws-message': 'welcome' });
        }),
      );
      const client = await bench.open();
      assert.equal(await client.next(), 'text welcome');
    });

    it('and closes it again when it ends, closes it once', async () => {
      const close = { 'ws-message': { action: 'close', code: 4000 } } as const;
      let told = 0;
      const bench = await open((own) =>
        own.on('release', () => {
          told++;
          void own.publish('all', close);
        }),
      );
      const watch = watching(bench.proxy);
      const client = await bench.open();
      await watch.count(1);
      await bench.proxy.publish('all', close);
      assert.equal(await client.next(), 'close 4000');
      client.close(4000);
      await client.closed();
      assert.deepEqual([watch.reasons, told], [['ended'], 1]);
    });

    for (const name of ['subscribe', 'hold'] as const) {
      it(`and closes the proxy at '${name}', has it closed, and leaves nothing`, async () => {
        const watches: HoldWatch[] = [];
        const bench = await open((own) => {
          watches.push(watching(own));
          own.once(name, () => void own.close());
        });
        const client = await bench.ask();
        await client.sees('close 1012');
        client.close(1012);
        await client.closed();
        await bench.proxy.close();
        assert.deepEqual(watches[0]?.reasons, name === 'hold' ? ['closing'] : []);
        assert.equal(bench.server.held, 0);
      });
    }
  });
});
