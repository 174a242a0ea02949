import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { GripProxyOptions } from '@p-8/core';
import { answerEvents, type EventsHandler, obliging } from '../support/events-origin.js';
import { eventually, settle } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { MOUNTS, type Mounted } from '../support/mounts.js';
import { useStage } from '../support/stage.js';
import { ACCEPT, HANDSHAKE, WsClient } from '../support/ws-client.js';
import { OPCODES, writeFrame } from '../support/ws-frames.js';

const MINUTE = 60_000;
const OPEN = 'OPEN\r\n';
const DISCONNECT = 'DISCONNECT\r\n';

for (const mount of MOUNTS) {
  describe(`WebSockets to ${mount.name}`, () => {
    const stage = useStage();
    let clock: ManualClock;
    let server: Mounted;
    /** The bodies of events that the origin has got. */
    let asked: string[];

    /** An origin that gets events; where `handler` answers undefined, nobody does. */
    async function open(
      handler: EventsHandler = obliging,
      options: GripProxyOptions = {},
    ): Promise<WsClient> {
      clock = new ManualClock();
      asked = [];
      const listener: RequestListener = async (req, res) => {
        const text = (await buffer(req)).toString('latin1');
        asked.push(text);
        const answer = handler(text, undefined as never, asked.length - 1);
        if (answer !== undefined) answerEvents(res, answer);
      };
      server = await mount.open(stage(), { listener, options: { clock, ...options } });
      return await WsClient.open(stage(), server);
    }

    /** Lets time pass, and what follows happen. */
    async function pass(ms: number): Promise<void> {
      await settle(60);
      clock.advance(ms);
      await settle(60);
    }

    const echo: EventsHandler = (text) =>
      /^(TEXT|PING)/.test(text) ? text.replaceAll('PING', 'PONG') : obliging(text);

    it('that are silent are pinged after a minute, and closed with 1011 without an answer after another', async () => {
      const client = await open();
      await pass(MINUTE);
      await client.count(1);
      assert.match(client.received[0] ?? '', /^ping /);
      await pass(MINUTE);
      await client.sees('close 1011');
      assert.equal(server.proxy.limits().ping, 1);
      await eventually(() => asked.includes(DISCONNECT), 'an origin that knows');
    });

    it('that answer pings stay', async () => {
      const client = await open();
      for (let minutes = 1; minutes <= 5; minutes++) {
        await pass(MINUTE);
        const pings = await client.count(minutes);
        client.pong(pings.at(-1)?.content ?? '');
      }
      await pass(MINUTE / 2);
      assert.equal(server.proxy.stats().sessions, 1);
    });

    it('are closed with 1011 when the origin takes longer than a minute, and the origin is told', async () => {
      const client = await open((text) => (text.startsWith('TEXT') ? undefined : obliging(text)), {
        pingInterval: 0,
      });
      client.text('hello');
      await eventually(() => asked.length === 2, 'events');
      await pass(MINUTE - 1);
      assert.deepEqual(client.received, []);
      await pass(1);
      await client.sees('close 1011');
      await client.closed();
      await eventually(() => asked.at(-1) === DISCONNECT, 'an origin that knows');
      assert.equal(server.proxy.limits().eventsTimeout, 1);
    });

    it('are closed with 1011 when the origin answers 500', async () => {
      const client = await open((text) =>
        text.startsWith('TEXT') ? { status: 500, type: null } : obliging(text),
      );
      client.text('hello');
      await client.sees('close 1011');
      assert.equal(await client.closed(), 'ended');
    });

    it('with a thousand pings get all pongs in order, and others do not notice', async () => {
      const client = await open(echo);
      const other = await WsClient.open(stage(), server);
      const pings = Array.from({ length: 1000 }, (_, i) =>
        writeFrame(OPCODES.ping, String(i), { mask: true }),
      );
      client.write(Buffer.concat(pings));
      other.text('undisturbed');
      assert.equal(await other.next(), 'text undisturbed');
      await client.count(pings.length);
      assert.deepEqual(
        client.received,
        pings.map((_, i) => `pong ${i}`),
      );
    });

    it('that do not finish what they send are closed with 1013, the greatest first', async () => {
      const modest = await open(obliging, { totalInputBytes: 1_000_000 });
      const part = (bytes: number): Buffer =>
        writeFrame(OPCODES.text, Buffer.alloc(1_000_000, 'x'), { mask: true }).subarray(0, bytes);
      modest.write(part(100_000));
      const greatest = await WsClient.open(stage(), server);
      greatest.write(part(600_000));
      const next = await WsClient.open(stage(), server);
      next.write(part(500_000));
      await greatest.sees('close 1013');
      await settle();
      assert.deepEqual([modest.ending, next.ending], [undefined, undefined]);
      assert.equal(server.proxy.limits().input, 1);
    });

    it('beyond as many as there may be get 503', async () => {
      await open(obliging, { maxSessions: 1 });
      const client = await stage().client(server);
      client.request('GET /', HANDSHAKE);
      assert.equal((await client.reply()).status, 503);
      assert.deepEqual(asked, [OPEN]);
      assert.equal(server.proxy.limits().sessions, 1);
    });

    it('that have been here already end with 508', async () => {
      await open(obliging, { cdnLoop: 'p-8-here', linkHosts: ['other.test'] });
      const client = await stage().client(server);
      client.request('GET /', [...HANDSHAKE, 'CDN-Loop: p-8-here']);
      assert.equal((await client.reply()).status, 508);
    });

    it('whose clients leave without a word end at the origin', async () => {
      const client = await open();
      client.raw.reset();
      await eventually(() => asked.at(-1) === DISCONNECT, 'an origin that knows');
    });

    if (!mount.isRemote) return;

    /** A tunnel to an origin that answers handshakes by `onUpgrade`. */
    async function tunnel(onUpgrade: (req: IncomingMessage, socket: Duplex) => void): Promise<string[]> {
      const plain: string[] = [];
      server = await mount.open(stage(), {
        listener: (req, res) => {
          plain.push(req.url ?? '');
          res.end('plain');
        },
        route: { grip: false },
        onUpgrade: (req, socket) => {
          socket.on('error', () => {}).on('end', () => socket.end());
          onUpgrade(req, socket);
        },
      });
      return plain;
    }

    const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

    for (const expect of ['anything', '100-continue', '']) {
      it(`pass a tunnel with Expect: ${expect}`, async () => {
        const expected: unknown[] = [];
        await tunnel((req, socket) => {
          expected.push(req.headers.expect);
          socket.write(SWITCH);
        });
        const client = await stage().client(server);
        client.request('GET /ws', [...HANDSHAKE, `Expect: ${expect}`]);
        await client.tail(ACCEPT);
        assert.deepEqual(expected, [undefined]);
      });
    }

    it('that a tunnel’s origin refuses get its status alone, and no request passes behind it', async () => {
      const plain = await tunnel((_req, socket) => {
        socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      });
      const client = await stage().client(server);
      client.request('GET /ws', HANDSHAKE);
      client.write('GET /behind HTTP/1.1\r\nHost: a\r\nGrip-Sig: forged\r\n\r\n');
      const { status, body } = await client.reply();
      assert.equal(`${status} ${body}`, '403 no');
      assert.doesNotMatch(client.text, /101/);
      await client.closed();
      assert.deepEqual(plain, []);
    });

    it('through a tunnel whose client reads nothing are cut after a minute', async () => {
      clock = new ManualClock();
      let end: Duplex | undefined;
      server = await mount.open(stage(), {
        listener: (_req, res) => res.end(),
        route: { grip: false },
        options: { clock },
        onUpgrade: (_req, socket) => {
          end = socket.on('error', () => {});
          socket.write(SWITCH);
        },
      });
      const client = await stage().client(server);
      client.request('GET /ws', HANDSHAKE);
      await client.tail(ACCEPT);
      client.socket.pause();
      end?.write(Buffer.alloc(30_000_000, 'x'));
      for (let last = -1; last !== end?.writableLength; ) {
        last = end?.writableLength ?? 0;
        await settle(200);
      }
      for (let minutes = 0; minutes < 3 && end?.closed !== true; minutes++) await pass(1.25 * MINUTE);
      await eventually(() => end?.closed === true, 'an origin that knows');
      assert.equal(server.proxy.limits().stalledTunnel, 1);
    });
  });
}
