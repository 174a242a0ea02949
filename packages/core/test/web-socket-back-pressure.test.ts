import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { answerEvents, event, events, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { OPCODES, writeFrame } from '../../../test/support/ws-frames.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';

const KB = 1024;
const GRIP = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];

describe('back-pressure', () => {
  const stage = useStage();

  describe('of an origin over HTTP that is slow', () => {
    let slow: boolean;

    /** A client whose first message waits for its answer, for as long as the origin is slow. */
    async function open(): Promise<{ bench: WebSocketBench; client: WsClient; res: ServerResponse }> {
      slow = true;
      const bench = await WebSocketBench.overHttp(stage(), (text) => {
        if (text === 'OPEN\r\n') return text;
        return slow ? undefined : '';
      });
      const client = await bench.open();
      client.text('first');
      const { res } = await bench.origin.completeRequest(1);
      return { bench, client, res };
    }

    it('has the client wait, and loses nothing', async () => {
      const { bench, client, res } = await open();
      // More than the buffers of the connection hold.
      const count = 400;
      for (let i = 0; i < count; i++) client.text(`${i} `.padEnd(64 * KB, '.'));
      await client.stalled();
      assert.equal(bench.origin.requests.length, 2);
      let next = res;
      let seen = 0;
      for (let index = 2; seen < count; index++) {
        answerEvents(next, '');
        const request = await bench.origin.completeRequest(index);
        // 200 kB and what came along with the last of them.
        assert(request.body.length < 500 * KB, `${request.body.length} bytes in one request`);
        for (const [, number] of request.body.toString('latin1').matchAll(/TEXT 10000\r\n(\d+) \./g)) {
          assert.equal(Number(number), seen++);
        }
        next = request.res;
      }
      answerEvents(next, '');
    });

    it('has the client wait after many small messages too', async () => {
      const { bench, client, res } = await open();
      const ping = writeFrame(OPCODES.ping, '', { mask: true });
      const pings = Buffer.concat(Array.from({ length: 50_000 }, () => ping));
      for (let i = 0; i < 80; i++) client.write(pings);
      await client.stalled();
      answerEvents(res, '');
      const { body, res: next } = await bench.origin.completeRequest(2);
      const events = body.length / 'PING\r\n'.length;
      assert(events >= 1000 && events < 20_000, `${events} events in one request`);
      slow = false;
      answerEvents(next, '');
    });

    it('notices a client that has left only when it has answered', async () => {
      const { bench, client, res } = await open();
      for (let i = 0; i < 400; i++) client.text('.'.repeat(64 * KB));
      await client.stalled();
      client.destroy();
      slow = false;
      answerEvents(res, '');
      await eventually(() => bench.proxy.stats().sessions === 0, 'no session');
    });
  });

  describe('of a client that is slow', () => {
    const big = 'x'.repeat(256 * KB);

    /** A client that does not read, while the origin answers each message with a big one and its number. */
    async function fill(
      fields: string[] = [],
    ): Promise<{ bench: WebSocketBench; client: WsClient; sent: () => number }> {
      let sent = 0;
      const bench = await WebSocketBench.overHttp(stage(), (text) => {
        if (text === 'OPEN\r\n') {
          return {
            fields: [...GRIP, ...fields],
            body: events(['OPEN'], ['TEXT', 'c:{"type":"subscribe","channel":"ch"}']),
          };
        }
        return text.startsWith('TEXT') || text === '' ? event('TEXT', `${sent++} ${big}`) : obliging(text);
      });
      const client = await bench.open();
      client.pause();
      // What is published to a client that does not take it is queued.
      const isBlocked = async (): Promise<boolean> =>
        (await bench.proxy.publish('ch', { 'ws-message': { type: 'ping' } })).queued === 1;
      for (let blocked = 0; blocked < 20; ) {
        if (await isBlocked()) {
          blocked++;
          await bench.pass(0);
          continue;
        }
        blocked = 0;
        const before = sent;
        client.text('more');
        await eventually(() => sent > before && bench.proxy.stats().upstreamRequests === 0, 'an answer');
      }
      return { bench, client, sent: () => sent };
    }

    /** The messages that the client has got, but for pings. */
    function texts({ received }: WsClient): string[] {
      return received.filter((message) => !message.startsWith('ping'));
    }

    it('has the origin asked no more, and what it has said comes in order', async () => {
      const { bench, client, sent } = await fill();
      const before = sent();
      assert(before < 60, `${before} messages of 256 kB`);
      client.text('more');
      await settle(100);
      assert.equal(sent(), before);
      client.resume();
      await eventually(() => sent() > before, 'one more');
      await eventually(() => texts(client).length === sent(), 'all messages');
      assert.deepEqual(
        texts(client).map((message) => Number(/^text (\d+) /.exec(message)?.[1])),
        Array.from({ length: sent() }, (_, i) => i),
      );
      assert.equal(bench.proxy.stats().sessions, 1);
    });

    it('does not hold up the origin’s other clients', async () => {
      const { bench, client } = await fill();
      const quick = await bench.open();
      quick.text('more');
      assert.match(await quick.next(), /^text \d+ x/);
      client.destroy();
    });

    it('has it closed with 1013 where the origin goes on talking when it is asked to', async () => {
      const { bench, client } = await fill(['Keep-Alive-Interval: 20']);
      for (let i = 0; bench.proxy.stats().channels > 0; i++) {
        assert(i < 100, 'it is not closed');
        await bench.proxy.publish('ch', { 'ws-message': { action: 'refresh' } });
        await eventually(() => bench.proxy.stats().upstreamRequests === 0, 'an answer');
      }
      client.resume();
      await client.sees('close 1013 too slow');
      assert.equal(client.received.at(-1), 'close 1013 too slow');
      client.close(1013);
      await client.closed();
    });

    it('has it lost when it takes nothing for 10 seconds after its Close', async () => {
      const { bench, client } = await fill();
      await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 1001 } });
      await bench.pass(9999);
      assert.equal(bench.proxy.stats().sessions, 1);
      await bench.pass(1);
      assert.equal(bench.proxy.stats().sessions, 0);
      client.resume();
      await client.closed();
      assert(!client.received.includes('close 1001'));
    });

    it('has it get a Close after all that was said before', async () => {
      const { bench, client, sent } = await fill();
      const before = sent();
      await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 1001 } });
      client.resume();
      await client.sees('close 1001');
      assert.equal(texts(client).length, before + 1);
      client.close(1001);
      await client.closed();
      assert.match(asked(bench).at(-1) ?? '', /CLOSE\r\n$/);
    });
  });
});
