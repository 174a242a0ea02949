import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import type { GripProxyOptions, Logger, RouteOptions } from '@p-8/core';
import { silentLogger } from '@p-8/core';
import { eventually, settle } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { MOUNTS, type Mounted } from '../support/mounts.js';
import { hold } from '../support/origin.js';
import type { RawClient } from '../support/raw-client.js';
import { useStage } from '../support/stage.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const MB = 1_000_000;

for (const mount of MOUNTS) {
  describe(`holds of ${mount.name}`, () => {
    const stage = useStage();
    let clock: ManualClock;
    let server: Mounted;

    async function open(
      listener: RequestListener,
      options: GripProxyOptions = {},
      route: Omit<RouteOptions, 'target'> = {},
    ): Promise<RawClient> {
      clock = new ManualClock();
      server = await mount.open(stage(), { listener, options: { clock, ...options }, route });
      return await stage().client(server);
    }

    async function pass(ms: number): Promise<void> {
      await settle(60);
      clock.advance(ms);
      await settle(60);
    }

    const held = (count = 1): Promise<void> =>
      eventually(() => server.proxy.holds().length === count, `${count} holds`);

    for (const [direction, ms] of [
      ['back', -HOUR],
      ['forward', HOUR],
    ] as const) {
      it(`time out when they should, though the time of day is set ${direction} by an hour`, async () => {
        const client = await open((_req, res) =>
          hold(res, 'response', 'ch', { fields: ['Grip-Timeout: 10'], body: 'nothing new' }),
        );
        client.request('GET /');
        await held();
        clock.setForward(ms);
        await pass(9999);
        assert.deepEqual(client.replies, []);
        await pass(1);
        assert.equal(String((await client.reply()).body), 'nothing new');
      });
    }

    it('are harmed by no patch that multiplies', async () => {
      const client = await open((_req, res) =>
        hold(res, 'response', 'ch', { fields: ['Content-Type: application/json'], body: '{"a":[1]}' }),
      );
      client.request('GET /');
      await held();
      const patch = Array.from({ length: 22 }, (_, i) => ({ op: 'copy', from: '', path: `/${i}` }));
      await server.proxy.publish('ch', { 'http-response': { 'body-patch': patch } });
      assert.equal((await client.reply()).body.length, 0);
      assert.equal(server.proxy.limits().patch, 1);
    });

    it('get all items while their next link hangs', async () => {
      const next: ServerResponse[] = [];
      const client = await open((req, res) => {
        if (req.url === '/next') next.push(res);
        else
          hold(res, 'stream', 'ch; prev-id=0', {
            fields: ['Grip-Link: </next>; rel=next; timeout=10'],
            body: '[',
          });
      });
      client.request('GET /');
      await client.bodyWith('[');
      await pass(10_000);
      await pass(100);
      await eventually(() => next.length === 1, 'a request of the link');
      // The link's answer may come with them: it has a second.
      await server.proxy.publish('ch', { 'http-stream': '0 ' }, { id: '1', 'prev-id': '0' });
      await pass(1000);
      for (let i = 1; i < 30; i++)
        await server.proxy.publish('ch', { 'http-stream': `${i} ` }, { id: `${i + 1}`, 'prev-id': `${i}` });
      await client.bodyWith('29 ');
      assert.equal(
        String(client.replies[0]?.body),
        `[${Array.from({ length: 30 }, (_, i) => `${i} `).join('')}`,
      );
      await pass(30_000);
      assert.equal(server.proxy.limits().followUpTimeout, 1);
      for (const res of next) res.destroy();
    });

    it('ask link hosts without what is meant for their own origin', async () => {
      const asked: IncomingMessage[] = [];
      const elsewhere = await stage().origin((res) => {
        asked.push(res.req);
        res.end(' and elsewhere');
      });
      const client = await open(
        (_req, res) => {
          res.setHeader('Grip-Link', `<${elsewhere.url}/>; rel=next`);
          res.end('here');
        },
        { linkHosts: ['127.0.0.1'], sigKey: 'secret' },
        { headers: [['Authorization', 'secret']] },
      );
      client.request('GET /', ['Cookie: secret', 'Authorization: secret']);
      assert.equal(String((await client.reply()).body), 'here and elsewhere');
      const [{ headers } = assert.fail()] = asked;
      assert.deepEqual(
        [headers.authorization, headers['grip-sig'], headers.cookie],
        [undefined, undefined, undefined],
      );
    });

    it('whose clients take nothing are cut after a minute', async () => {
      const client = await open((_req, res) => hold(res, 'stream', 'ch', { body: '[' }), {
        sessionQueueBytes: 100 * MB,
        totalQueueBytes: 100 * MB,
      });
      client.request('GET /');
      await client.bodyWith('[');
      client.socket.pause();
      for (let i = 0; i < 12; i++) await server.proxy.publish('ch', { 'http-stream': 'x'.repeat(MB) });
      for (let minutes = 0; minutes < 3 && server.proxy.holds().length > 0; minutes++)
        await pass(1.25 * MINUTE);
      await held(0);
      assert.equal(server.proxy.backlog().overflows.stall, 1);
      client.socket.resume();
      await client.closed();
    });

    it('beyond as many as there may be get 503', async () => {
      const client = await open((_req, res) => hold(res, 'stream', 'ch', { body: '[' }), { maxSessions: 1 });
      client.request('GET /');
      await client.bodyWith('[');
      const other = await stage().client(server);
      other.request('GET /');
      assert.equal((await other.reply()).status, 503);
      await server.proxy.publish('ch', { 'http-stream': 'item' });
      await client.bodyWith('[item');
    });

    it('go on when listeners reject, throw, or the logger does', async () => {
      const fail = async (): Promise<never> => {
        throw new Error('a listener of the test');
      };
      const errors: string[] = [];
      const logger: Logger = {
        ...silentLogger,
        error: (_fields, message) => {
          errors.push(message);
          return fail() as never;
        },
      };
      const client = await open((_req, res) => hold(res, 'stream', 'ch', { body: '[' }), { logger });
      for (const event of ['hold', 'publish', 'release', 'subscribe', 'unsubscribe'] as const) {
        server.proxy.on(event, fail);
        server.proxy.on(event, () => {
          throw new Error('another one');
        });
      }
      client.request('GET /');
      await client.bodyWith('[');
      await server.proxy.publish('ch', { 'http-stream': 'item' });
      await client.bodyWith('[item');
      client.destroy();
      await held(0);
      await settle(60);
    });

    it('are probed by TCP after a minute of silence', async () => {
      const probes: unknown[][] = [];
      const { setKeepAlive } = net.Socket.prototype;
      net.Socket.prototype.setKeepAlive = function (this: Socket, ...args) {
        if (this.localPort === server?.port) probes.push(args);
        return setKeepAlive.apply(this, args);
      };
      stage().onClose(() => {
        net.Socket.prototype.setKeepAlive = setKeepAlive;
      });
      const client = await open((_req, res) => hold(res, 'stream', 'ch', { body: '[' }));
      client.request('GET /');
      await client.bodyWith('[');
      await held();
      // The standalone server has the system probe all of its connections, as it takes them.
      if (!mount.name.includes('standalone')) assert.deepEqual(probes, [[true, MINUTE]]);
    });

    it('whose publisher uses names that are too long are told so, and nothing is kept', async () => {
      const client = await open((_req, res) => hold(res, 'stream', 'c'.repeat(1025), { body: '[' }));
      client.request('GET /');
      await client.reply();
      assert.deepEqual([server.proxy.holds().length, server.proxy.stats().channels], [0, 0]);
      await assert.rejects(server.proxy.publish('c'.repeat(1025), { 'http-stream': 'x' }));
      await assert.rejects(server.proxy.publish('ch', { 'http-stream': 'x' }, { id: 'i'.repeat(1025) }));
    });

    it('that take nothing end with what their items cost, however small those are', async () => {
      const client = await open((_req, res) => hold(res, 'stream', 'ch', { body: '[' }), {
        sessionQueueBytes: 100_000,
      });
      client.request('GET /');
      await client.bodyWith('[');
      client.socket.pause();
      const ended: unknown[] = [];
      server.proxy.on('overflow', (_hold, { reason }) => ended.push(reason));
      // What the system takes comes first.
      for (let i = 0; i < 200 && ended.length === 0; i++)
        await server.proxy.publish('ch', { 'http-stream': 'x'.repeat(60_000) });
      assert.deepEqual(ended, ['queue']);
      const small = await stage().client(server);
      small.request('GET /');
      await small.bodyWith('[');
      small.socket.pause();
      for (let i = 0; i < 100 && server.proxy.backlog().bytes < 40_000; i++)
        await server.proxy.publish('ch', { 'http-stream': 'x'.repeat(60_000) });
      let items = 0;
      for (; items < 1000 && ended.length < 2; items++)
        await server.proxy.publish('ch', { 'http-stream': 'nine bytes' });
      assert.equal(ended.length, 2, `${items} items`);
      client.destroy();
      small.destroy();
    });
  });
}
