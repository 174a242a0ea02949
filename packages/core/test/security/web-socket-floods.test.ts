import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import type { RouteOptions, TargetOptions } from '@p-8/core';
import { WebSocketServer } from 'ws';
import { eventsOrigin, obliging } from '../../../../test/support/events-origin.js';
import { eventually } from '../../../../test/support/eventually.js';
import { type Stage, useStage } from '../../../../test/support/stage.js';
import type { WsClient } from '../../../../test/support/ws-client.js';
import type { WsEnd } from '../../../../test/support/ws-end.js';
import { OPCODES, writeFrame } from '../../../../test/support/ws-frames.js';
import { WebSocketBench } from '../support/web-socket-bench.js';

const PINGS = 10_000;
const MASKED = { mask: true };
const MORE = { mask: true, fin: false };
const RSV1 = 4;
const OFFER = ['Sec-WebSocket-Extensions: permessage-deflate'];
const SOCKJS = '/sockjs/websocket';

/** How a client gets to an origin that sends messages back, and answers pings. */
const WAYS: readonly [way: string, path: string, start: (stage: Stage) => Promise<TargetOptions>][] = [
  ['over HTTP', '/ws', echoOverHttp],
  ['to an origin that speaks WebSocket', '/ws', echoDirect],
  ['of SockJS', SOCKJS, echoOverHttp],
];

async function echoOverHttp(stage: Stage): Promise<TargetOptions> {
  const { url } = await eventsOrigin(stage, (text) =>
    /^(TEXT|BINARY|PING)/.test(text)
      ? Buffer.from(text.replaceAll('PING', 'PONG'), 'latin1')
      : obliging(text),
  );
  return { url, overHttp: true };
}

async function echoDirect(stage: Stage): Promise<TargetOptions> {
  const server = http.createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onClose(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('threat 10: WebSocket clients that flood', () => {
  const stage = useStage();

  function itAnswersPings(path: string, start: () => Promise<WebSocketBench<TargetOptions>>): void {
    it(`with ${PINGS} pings get all pongs in order, and others do not notice`, async () => {
      const bench = await start();
      const [client, other] = [await bench.open(path), await bench.open(path)];
      const pings = Array.from({ length: PINGS }, (_, i) => writeFrame(OPCODES.ping, String(i), MASKED));
      client.write(Buffer.concat(pings));
      other.text('undisturbed');
      assert.equal(await other.next(), 'text undisturbed');
      const pongs = await client.count(PINGS);
      assert.equal(
        pongs.every(({ type, content }, i) => type === 'pong' && String(content) === String(i)),
        true,
      );
      client.text('still here');
      await client.sees('text still here');
      assert.deepEqual([client.frames.length, other.frames.length], [PINGS + 1, 1]);
    });

    it('with pings, and read no pong, are made to wait', async () => {
      const bench = await start();
      const [client, other] = [await bench.open(path), await bench.open(path)];
      client.pause();
      const ping = writeFrame(OPCODES.ping, 'x'.repeat(125), MASKED);
      client.write(Buffer.concat(Array<Buffer>(200_000).fill(ping)));
      await client.stalled();
      other.text('undisturbed');
      assert.equal(await other.next(), 'text undisturbed');
      assert(client.socket.writableLength > 1_000_000, `${client.socket.writableLength} bytes wait`);
    });
  }

  for (const [way, path, startOrigin] of WAYS) {
    describe(way, () => {
      const start = async (): Promise<WebSocketBench<TargetOptions>> => {
        const target = await startOrigin(stage());
        const proxy = { compression: true, maxMessageBytes: 100_000 };
        return await WebSocketBench.with(stage(), target, target, { proxy, route: { sockjs: '/sockjs' } });
      };

      // Those that an origin answers are below.
      if (startOrigin === echoOverHttp) itAnswersPings(path, start);

      const floods: [what: string, content: string, count: number][] = [
        ['20,000 fragments of one byte', 'x', 20_000],
        ['100,000 fragments of none', '', 100_000],
      ];
      for (const [what, content, count] of floods) {
        it(`with ${what} are closed with 1008; others do not notice`, async () => {
          const bench = await start();
          const [client, other] = [await bench.open(path), await bench.open(path)];
          const more = writeFrame(OPCODES.continuation, content, MORE);
          client.write(
            Buffer.concat([
              writeFrame(OPCODES.text, content, MORE),
              ...Array<Buffer>(count - 2).fill(more),
              writeFrame(OPCODES.continuation, content, MASKED),
            ]),
          );
          assert.equal(await client.next(), 'close 1008');
          await client.closed();
          await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
          other.text('undisturbed');
          assert.equal(await other.next(), 'text undisturbed');
        });
      }

      it('with 16,000 fragments of one byte are heard', async () => {
        const client = await (await start()).open(path);
        const more = writeFrame(OPCODES.continuation, 'x', MORE);
        client.write(writeFrame(OPCODES.text, 'x', MORE));
        client.write(Buffer.concat(Array<Buffer>(15_998).fill(more)));
        client.write(writeFrame(OPCODES.continuation, 'x', MASKED));
        assert.equal(await client.next(), `text ${'x'.repeat(16_000)}`);
      });

      it('with messages that inflate beyond maxMessageBytes are closed with 1009', async () => {
        const bench = await start();
        const other = await bench.open(path);
        const bomb = deflateRawSync(Buffer.alloc(50_000_000), { finishFlush: 2 }).subarray(0, -4);
        for (let i = 0; i < 5; i++) {
          const client = await bench.open(path, OFFER);
          assert.match(client.raw.text, /permessage-deflate/);
          client.frame(OPCODES.binary, bomb, { rsv: RSV1 });
          assert.equal(await client.next(), 'close 1009');
          await client.closed();
        }
        await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
        other.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
      });
    });
  }

  const RELAYED: readonly [way: string, route: Partial<RouteOptions>][] = [
    ['to an origin that speaks WebSocket', {}],
    ['through a tunnel', { grip: false }],
  ];
  for (const [way, route] of RELAYED) {
    describe(`${way} and answers pings`, function () {
      this.timeout(60_000);
      /** More bytes of pings than the system keeps for the connections by itself. */
      const COUNT = 150_000;
      const flood = Buffer.concat(
        Array<Buffer>(COUNT).fill(writeFrame(OPCODES.ping, 'x'.repeat(125), MASKED)),
      );

      /** A client and its end at the origin; and another one whose words come back. */
      async function start(): Promise<{ client: WsClient; other: WsClient; end: WsEnd }> {
        const bench = await WebSocketBench.direct(stage(), undefined, { route });
        const client = await bench.open();
        const end = await bench.origin.connection();
        const other = await bench.open();
        const otherEnd = await bench.origin.connection(1);
        end.answersPing = true;
        otherEnd.socket.on('data', () =>
          otherEnd.text(otherEnd.received.at(-1)?.slice('text '.length) ?? ''),
        );
        return { client, other, end };
      }

      it(`with ${PINGS} pings get all pongs in order, and others do not notice`, async () => {
        const { client, other, end } = await start();
        const pings = Array.from({ length: PINGS }, (_, i) => writeFrame(OPCODES.ping, String(i), MASKED));
        client.write(Buffer.concat(pings));
        other.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
        await client.count(PINGS);
        assert.deepEqual(
          client.received,
          pings.map((_, i) => `pong ${i}`),
        );
        client.text('still here');
        await end.sees('text still here');
      });

      it('with pings, and read no pong, make the origin wait with its pongs', async () => {
        const { client, other, end } = await start();
        client.pause();
        client.write(flood);
        await eventually(() => end.frames.length === COUNT, 'all pings at the origin');
        await end.stalled();
        assert(
          end.socket.writableLength > 1_000_000,
          `${end.socket.writableLength} bytes wait at the origin`,
        );
        other.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
        client.resume();
        assert.equal((await client.count(COUNT)).length, COUNT);
      });

      it('with pings that the origin does not read are made to wait', async () => {
        const { client, other, end } = await start();
        end.socket.pause();
        client.write(flood);
        await client.stalled();
        assert(client.socket.writableLength > 1_000_000, `${client.socket.writableLength} bytes wait`);
        other.text('undisturbed');
        assert.equal(await other.next(), 'text undisturbed');
        end.socket.resume();
        await client.count(COUNT);
      });
    });
  }
});
