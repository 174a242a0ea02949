import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { GripProxy } from '@p-8/core';
import { answerEvents, closeEvent, type EventsAnswer, event } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import type { WsEnd } from '../../../test/support/ws-end.js';
import { type HoldWatch, useHoldWatch } from './support/hold-watch.js';
import { type BenchOptions, WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent, KINDS, WebSocketParty } from './support/web-socket-party.js';

const URI = 'http://example.com/ws';
const BLOCK = 'x'.repeat(64 * 1024);

describe('the events of held WebSockets', () => {
  const stage = useStage();
  const watching = useHoldWatch();

  for (const kind of KINDS) {
    describe(kind, () => {
      let party: WebSocketParty;
      let watch: HoldWatch;

      /** A client that is subscribed to `ch`, and what was told until then. */
      async function start(options: BenchOptions = {}): Promise<void> {
        party = await WebSocketParty.start(stage(), kind, 'grip; message-prefix=""', {
          ...options,
          onProxy: (proxy) => {
            watch = watching(proxy);
          },
        });
        await watch.count(1);
        await party.control({ type: 'subscribe', channel: 'ch' });
      }

      /** What is told of the client that {@link start} opens, ended for this reason. */
      const told = (why: string): string[] => [
        `hold websocket ${URI}`,
        `release websocket ${URI} ch: ${why}`,
      ];

      it('tell that it is held, before it has channels, and list the channels that it gets', async () => {
        await start();
        assert.deepEqual(watch.lines, [`hold websocket ${URI}`]);
        await party.control({ type: 'subscribe', channel: 'more' });
        assert.deepEqual(party.proxy.holds(), [{ mode: 'websocket', uri: URI, channels: ['ch', 'more'] }]);
        await party.control({ type: 'unsubscribe', channel: 'ch' });
        assert.deepEqual(watch.held, [`websocket ${URI} more`]);
        await party.proxy.publish('more', { 'ws-message': 'x' });
        assert.equal(watch.lines.length, 1);
      });

      it('tell the channels of its route from the beginning, and all by the names that publishers use', async () => {
        await start({ route: { prefix: 'app-' }, target: { subscribe: ['all'] } });
        assert.deepEqual(watch.lines, [`hold websocket ${URI} all`]);
        assert.deepEqual(watch.held, [`websocket ${URI} all app-ch`]);
      });

      it('say that it ended when an item closes it, whatever the client does then', async () => {
        await start();
        await party.proxy.publish('ch', { 'ws-message': { action: 'close' } });
        assert.deepEqual([watch.lines, watch.held], [told('ended'), []]);
        party.client.close(1000);
        await party.client.closed();
        assert.deepEqual(watch.lines, told('ended'));
      });

      it('say that it ended when a client does not answer such a Close, nor after that', async () => {
        await start();
        await party.proxy.publish('ch', { 'ws-message': { action: 'close' } });
        await party.pass(60_000);
        await party.client.closed();
        assert.deepEqual(watch.lines, told('ended'));
      });

      it('say that its client has closed it', async () => {
        await start();
        party.client.close(4000, 'bye');
        await party.client.closed();
        assert.deepEqual(await watch.count(2), told('client'));
      });

      for (const how of ['destroy', 'reset'] as const) {
        it(`say that its client is gone (${how})`, async () => {
          await start();
          party.client.raw[how]();
          assert.deepEqual(await watch.count(2), told('client'));
        });
      }

      it('say that its client has closed it, also when the origin has let go of it before', async () => {
        await start();
        party.sayLast(['TEXT', 'last words'], ['TEXT', 'c:{"type":"detach"}']);
        await party.client.sees('text last words');
        await settle();
        assert.deepEqual(watch.held, [`websocket ${URI} ch`]);
        party.client.close(1000);
        await party.client.sees('close 1000');
        assert.deepEqual(await watch.count(2), told('client'));
      });

      it('say so of a client that breaks the rules', async () => {
        await start();
        party.client.frame(3, 'what?');
        assert.deepEqual(await watch.count(2), told('client'));
      });

      it('say that it was too slow', async () => {
        await start({ proxy: { sessionQueueBytes: 300_000 } });
        party.client.pause();
        for (let count = 0; watch.lines.length < 2; count++) {
          await party.proxy.publish('ch', { 'ws-message': BLOCK });
          await settle(2);
          assert(count < 1000, 'nothing fills up');
        }
        assert.deepEqual(watch.lines, told('slow'));
        party.client.destroy();
      });

      it('say that something was wrong: more filters than there may be', async () => {
        await start();
        const filters = Array.from({ length: 6 }, () => 'skip-self');
        party.sayLast(['TEXT', `c:${JSON.stringify({ type: 'subscribe', channel: 'no', filters })}`]);
        assert.deepEqual(await watch.count(2), told('error'));
      });

      it('say that the proxy closes, once', async () => {
        await start();
        const closed = party.proxy.close();
        assert.deepEqual([watch.lines, watch.held], [told('closing'), []]);
        party.client.close(1012);
        await closed;
        assert.deepEqual(watch.lines, told('closing'));
      });

      it('say that the proxy closes of clients that do not answer, and are cut', async () => {
        await start();
        await party.proxy.close();
        await party.client.closed();
        assert.deepEqual(watch.lines, told('closing'));
      });

      it('say that the proxy closes, though the client leaves without an answer', async () => {
        await start();
        const closed = party.proxy.close();
        party.client.destroy();
        await closed;
        assert.deepEqual(watch.lines, told('closing'));
      });
    });
  }

  describe('over HTTP', () => {
    const fields = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
    let watch: HoldWatch;
    const onProxy = (proxy: GripProxy): void => {
      watch = watching(proxy);
    };

    /** What follows the opening is answered by the test. */
    async function open(): Promise<{ bench: WebSocketBench; client: WsClient }> {
      const bench = await WebSocketBench.overHttp(
        stage(),
        (text) => (text === 'OPEN\r\n' ? { fields, body: text } : undefined),
        { onProxy },
      );
      return { bench, client: await bench.open() };
    }

    /** The response of the request that the origin has got as the `index`th. */
    const response = async ({ origin }: WebSocketBench, index = 1): Promise<ServerResponse> =>
      (await origin.completeRequest(index)).res;

    it('say that its origin has ended it', async () => {
      const { bench, client } = await open();
      client.text('x');
      answerEvents(await response(bench), closeEvent(4001, 'bye'));
      assert.equal(await client.next(), 'close 4001 bye');
      assert.deepEqual(watch.reasons, ['ended']);
      client.close(1000);
      await client.closed();
      answerEvents(await response(bench, 2), '');
      assert.deepEqual(watch.reasons, ['ended']);
    });

    it('say that its client has closed it only when the origin has answered, or has not in time', async () => {
      const [one, two] = [await open(), await open()];
      for (const { client, bench } of [one, two]) {
        client.close(1000);
        await response(bench);
      }
      await two.bench.pass(29_999);
      assert.deepEqual([watch.reasons, watch.held.length], [[], 1]);
      await two.bench.pass(1);
      assert.deepEqual(watch.reasons, ['client']);
      for (const { bench } of [one, two]) answerEvents(await response(bench), closeEvent(1000));
      await one.client.closed();
    });

    it('say that its client has closed it, whatever ends it before the origin has answered', async () => {
      const { bench, client } = await open();
      client.close(1000);
      const res = await response(bench);
      await bench.proxy.close();
      assert.deepEqual(watch.reasons, ['client']);
      res.destroy();
    });

    it('say that its origin failed', async () => {
      const { bench, client } = await open();
      client.text('x');
      answerEvents(await response(bench), { status: 500, type: 'text/plain' });
      await client.closed();
      assert.deepEqual(watch.reasons, ['error']);
    });

    it('say that it was too slow for what its origin says when it is asked to', async () => {
      const subscribe = controlEvent({ type: 'subscribe', channel: 'ch' });
      const bench = await WebSocketBench.overHttp(
        stage(),
        (text) => {
          if (text === 'OPEN\r\n') return { fields, body: Buffer.concat([event('OPEN'), subscribe]) };
          return text === '' ? event('TEXT', BLOCK.repeat(8)) : '';
        },
        { onProxy, proxy: { sessionQueueBytes: 1000, maxMessageBytes: 600_000 } },
      );
      const client = await bench.open();
      client.pause();
      for (let count = 0; watch.lines.length < 2; count++) {
        await bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } });
        await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
        assert(count < 200, 'nothing fills up');
      }
      assert.deepEqual(watch.reasons, ['slow']);
      client.destroy();
    });

    const refused: [name: string, answer: EventsAnswer][] = [
      ['refuses', { status: 403, type: 'text/plain', body: 'no' }],
      ['says nothing', ''],
      ['closes at once', closeEvent(1000)],
    ];
    for (const [name, answer] of refused) {
      it(`say nothing of a client whose origin ${name}`, async () => {
        const bench = await WebSocketBench.overHttp(stage(), () => answer, { onProxy });
        const client = await bench.ask();
        await client.closed();
        assert.deepEqual(watch.lines, []);
      });
    }

    it('say nothing of a client that leaves before it is let in', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => undefined, { onProxy });
      const client = await bench.ask();
      const res = await response(bench, 0);
      client.destroy();
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
      answerEvents(res, 'OPEN\r\n');
      await eventually(() => bench.server.held === 0, 'nothing held');
      assert.deepEqual(watch.lines, []);
    });

    it('say nothing of a client that waits to be let in when the proxy closes, nor of one that comes later', async () => {
      const bench = await WebSocketBench.overHttp(stage(), () => undefined, { onProxy });
      const client = await bench.ask();
      await response(bench, 0);
      const closed = bench.proxy.close();
      const late = await bench.ask();
      await Promise.all([client.closed(), late.closed(), closed]);
      assert.deepEqual(watch.lines, []);
    });
  });

  describe('direct', () => {
    let watch: HoldWatch;
    const onProxy = (proxy: GripProxy): void => {
      watch = watching(proxy);
    };

    async function open(): Promise<{ client: WsClient; end: WsEnd }> {
      const bench = await WebSocketBench.direct(stage(), undefined, { onProxy });
      return { client: await bench.open(), end: await bench.origin.connection() };
    }

    it('say that its origin has ended it', async () => {
      const { client, end } = await open();
      end.close(4001, 'bye');
      assert.equal(await client.next(), 'close 4001 bye');
      assert.deepEqual(watch.reasons, ['ended']);
      client.close(4001);
      await client.closed();
      assert.deepEqual(watch.reasons, ['ended']);
    });

    it('say that something was wrong when its origin is lost', async () => {
      const { client, end } = await open();
      end.destroy();
      await client.closed();
      assert.deepEqual(watch.reasons, ['error']);
    });

    it('say that its client has closed it when the origin is lost instead of answering', async () => {
      const { client, end } = await open();
      client.close(1000);
      await end.sees('close 1000');
      end.destroy();
      await client.closed();
      assert.deepEqual(watch.reasons, ['client']);
    });

    it('say nothing of a client whose origin refuses', async () => {
      const bench = await WebSocketBench.direct(
        stage(),
        (handshake) => handshake.answer('403 Forbidden', ['Content-Length: 2'], 'no'),
        { onProxy },
      );
      const client = await bench.ask();
      await client.closed();
      assert.deepEqual(watch.lines, []);
    });
  });
});
