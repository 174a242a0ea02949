import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import type { GripProxyOptions } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { type Stage, useStage } from '../../../test/support/stage.js';

const NEXT = 'Grip-Link: </next>; rel=next; timeout=10';

/** An origin that answers what it is first asked, and leaves all else to the test. */
class HangingOrigin {
  readonly clock = new ManualClock();
  /** Requests that wait for an answer, or have waited for one, by path without query. */
  readonly asked = new Map<string, ServerResponse[]>();
  readonly #answers: Readonly<Record<string, (res: ServerResponse) => void>>;

  constructor(answers: Readonly<Record<string, (res: ServerResponse) => void>>) {
    this.#answers = answers;
  }

  readonly listener: RequestListener = (req, res) => {
    const [path = ''] = (req.url ?? '').split('?');
    const isAgain = req.headers['grip-last'] !== undefined;
    const answer = isAgain ? undefined : this.#answers[path];
    if (answer === undefined) this.asked.set(path, [...this.all(path), res]);
    else answer(res);
  };

  all(path: string): ServerResponse[] {
    return this.asked.get(path) ?? [];
  }

  async nth(path: string, count: number): Promise<ServerResponse> {
    await eventually(
      () => this.all(path).length >= count,
      () => `${count} requests for ${path}, not ${this.all(path).length}`,
    );
    const res = this.all(path)[count - 1];
    assert(res !== undefined);
    return res;
  }

  /** Lets time pass, and what follows happen. */
  async pass(ms: number): Promise<void> {
    await settle(40);
    this.clock.advance(ms);
    await settle(60);
  }
}

/** How the origin is reached; an app, where the options name none. */
const WAYS: Readonly<Record<string, (stage: Stage, origin: HangingOrigin) => Promise<GripProxyOptions>>> = {
  'in front of an origin': async (stage, { listener }) => {
    const { url } = await stage.origin((res) => listener(res.req, res));
    return { target: url };
  },
  'with a listener in its process': async (_stage, { listener }) => ({ target: { listener } }),
  'in an app': async () => ({}),
};

for (const [way, start] of Object.entries(WAYS)) {
  describe(`a proxy ${way} that hangs`, () => {
    const stage = useStage();
    let origin: HangingOrigin;
    let server: ProxyServer;

    async function serve(
      answers: Readonly<Record<string, (res: ServerResponse) => void>>,
      options: GripProxyOptions = {},
    ): Promise<void> {
      origin = new HangingOrigin(answers);
      const settings = { ...(await start(stage(), origin)), clock: origin.clock, ...options };
      server = await stage().proxy(settings, undefined, origin.listener);
    }

    async function ask(path: string, fields: readonly string[] = []): Promise<RawClient> {
      const client = await stage().client(server);
      client.request(`GET ${path}`, fields);
      return client;
    }

    async function streams(count: number, channel: string): Promise<RawClient[]> {
      await serve({ '/': (res) => hold(res, 'stream', channel, { fields: [NEXT], body: '[' }) });
      return await Promise.all(
        Array.from({ length: count }, async () => {
          const client = await ask('/');
          await client.bodyWith('[');
          return client;
        }),
      );
    }

    const publish = (content: string, id?: string, prevId?: string) =>
      server.proxy.publish('ch', { 'http-stream': content }, { id, 'prev-id': prevId });

    /** The link's time has come, and it is not answered. */
    async function quiet(): Promise<ServerResponse> {
      await origin.pass(10_000);
      await origin.pass(100);
      return await origin.nth('/next', 1);
    }

    for (const channel of ['ch', 'ch; prev-id=0']) {
      it(`gives streams on ${channel} all items while their next link hangs`, async () => {
        const clients = await streams(10, channel);
        await quiet();
        assert.equal((await publish('0 ', '1', '0')).queued, 10);
        await origin.pass(1000);
        for (let i = 1; i < 30; i++) await publish(`${i} `, `${i + 1}`, `${i}`);
        const all = `[${Array.from({ length: 30 }, (_, i) => `${i} `).join('')}`;
        for (const client of clients) assert.equal(String((await client.bodyWith('29 ')).body), all);
        assert.equal(origin.all('/next').length, 1);
      });

      it(`gives them up after 30 s on ${channel}, asks again, and brings nothing twice`, async () => {
        const [client] = await streams(1, channel);
        assert(client !== undefined);
        await quiet();
        await origin.pass(1000);
        await publish('1 ', '1', '0');
        await origin.pass(28_999);
        assert.deepEqual(server.proxy.limits().followUpTimeout, 0);
        await origin.pass(1);
        assert.deepEqual(server.proxy.limits().followUpTimeout, 1);
        await origin.pass(1000);
        const again = await origin.nth('/next', 2);
        hold(again, 'stream', channel === 'ch' ? 'ch' : 'ch; prev-id=1', { fields: [NEXT], body: 'link ' });
        await client.bodyWith('[1 link ');
        await publish('2 ', '2', '1');
        await client.bodyWith('[1 link 2 ');
      });
    }

    it('uses an answer that comes late, where nothing came meanwhile', async () => {
      const [client] = await streams(1, 'ch; prev-id=0');
      const next = await quiet();
      await origin.pass(5000);
      hold(next, 'stream', 'ch; prev-id=1', { fields: [NEXT], body: '1 ' });
      await client?.bodyWith('[1 ');
      await publish('2 ', '2', '1');
      await client?.bodyWith('[1 2 ');
    });

    it('discards an answer that may repeat what came meanwhile', async () => {
      const [client] = await streams(1, 'ch; prev-id=0');
      const next = await quiet();
      await origin.pass(1000);
      await publish('1 ', '1', '0');
      hold(next, 'stream', 'ch; prev-id=2', { fields: [NEXT], body: '1 2 ' });
      await settle(60);
      await publish('2 ', '2', '1');
      await client?.bodyWith('[1 2 ');
      // Nothing was missing, so the link has time again.
      assert.equal(origin.all('/next').length, 1);
      await origin.pass(10_000);
      await origin.pass(10_000);
      await origin.pass(100);
      await origin.nth('/next', 2);
    });

    it('asks anew after such an answer where something may be missing, and waits for that', async () => {
      await serve({
        '/': (res) =>
          hold(res, 'stream', ['ch; prev-id=0', 'other; prev-id=0'], { fields: [NEXT], body: '[' }),
      });
      const client = await ask('/');
      await client.bodyWith('[');
      const next = await quiet();
      await origin.pass(1000);
      await publish('1 ', '1', '0');
      hold(next, 'stream', ['ch; prev-id=1', 'other; prev-id=1'], { fields: [NEXT], body: '1 o1 ' });
      await settle(60);
      await origin.pass(100);
      const again = await origin.nth('/next', 2);
      await origin.pass(5000);
      await publish('2 ', '2', '1');
      hold(again, 'stream', ['ch; prev-id=1', 'other; prev-id=1'], { fields: [NEXT], body: 'o1 ' });
      await client.bodyWith('[1 o1 2 ');
      await server.proxy.publish('other', { 'http-stream': 'o2 ' }, { id: '2', 'prev-id': '1' });
      await client.bodyWith('[1 o1 2 o2 ');
    });

    it('lets other channels go on while one lacks an item', async () => {
      await serve({
        '/': (res) =>
          hold(res, 'stream', ['ch; prev-id=0', 'other; prev-id=0', 'plain'], { fields: [NEXT], body: '[' }),
      });
      const client = await ask('/');
      await client.bodyWith('[');
      await publish('2 ', '2', '1');
      await origin.pass(5000);
      await origin.nth('/next', 1);
      await origin.pass(1000);
      await server.proxy.publish('other', { 'http-stream': 'o1 ' }, { id: '1', 'prev-id': '0' });
      await server.proxy.publish('plain', { 'http-stream': 'p ' });
      await publish('3 ', '3', '2');
      await client.bodyWith('[o1 p ');
      await origin.pass(29_000);
      await origin.pass(1000);
      const again = await origin.nth('/next', 2);
      assert.deepEqual(again.req.headers['grip-last'], 'ch; last-id=0, other; last-id=1');
      hold(again, 'stream', ['ch; prev-id=2', 'other; prev-id=1', 'plain'], { fields: [NEXT], body: '1 2 ' });
      await client.bodyWith('[o1 p 1 2 3 ');
    });

    it('lets items go on after a hint, and brings what the link has when it has it', async () => {
      const [client] = await streams(1, 'ch');
      await server.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
      const next = await origin.nth('/next', 1);
      await origin.pass(1000);
      await publish('1 ');
      await client?.bodyWith('[1 ');
      hold(next, 'stream', 'ch', { fields: [NEXT], body: 'link ' });
      await client?.bodyWith('[1 link ');
      await publish('2 ');
      await client?.bodyWith('[1 link 2 ');
    });

    it('goes on where the head of the link has come, and its body stands still', async () => {
      const [client] = await streams(1, 'ch');
      const next = await quiet();
      next.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' }).flushHeaders();
      await origin.pass(1000);
      await publish('1 ');
      await client?.bodyWith('[1 ');
      await origin.pass(60_000);
      assert.equal(server.proxy.limits().followUpTimeout, 1);
      await origin.pass(1000);
      await origin.nth('/next', 2);
    });

    it('cuts a stream whose link stands still in the midst of its content, and none that dribbles', async () => {
      const [client] = await streams(1, 'ch');
      const next = await quiet();
      next.writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'ch' });
      for (let i = 0; i < 10; i++) {
        next.write(`${i}`);
        await origin.pass(50_000);
      }
      assert.equal(client?.replies[0]?.body.toString(), '[0123456789');
      await origin.pass(10_000);
      await client?.closed();
      assert.equal(client?.replies[0]?.complete, false);
    });

    const poll = (res: ServerResponse): void => hold(res, 'response', 'ch; prev-id=1');

    async function polls(count: number, fields: readonly string[] = []): Promise<RawClient[]> {
      const clients = await Promise.all(Array.from({ length: count }, () => ask('/poll', fields)));
      await eventually(() => server.proxy.holds().length === count, 'all held');
      return clients;
    }

    /** Something that the polls lack. */
    async function lose(): Promise<void> {
      await server.proxy.publish('ch', { 'http-response': '3' }, { id: '3', 'prev-id': '2' });
      await origin.pass(100);
    }

    it('answers a long-poll with 502 when it is asked again, and not answered', async () => {
      await serve({ '/poll': poll });
      const [client] = await polls(1, ['Cookie: a']);
      await lose();
      await origin.nth('/poll', 1);
      await origin.pass(29_999);
      assert.equal(client?.receivedBytes, 0);
      await origin.pass(1);
      assert.equal((await client?.reply())?.status, 502);
      assert.equal(server.proxy.stats().upstreamRequests, 0);
    });

    it('lets a long-poll that is answered at last take its time, if that is no instruct', async () => {
      await serve({ '/poll': poll });
      const [client] = await polls(1, ['Cookie: a']);
      await lose();
      const res = await origin.nth('/poll', 1);
      res.write('begun, ');
      await client?.bodyWith('begun, ');
      await origin.pass(1_000_000);
      res.end('done');
      assert.equal(String((await client?.reply())?.body), 'begun, done');
    });

    it('gives up a gone link after 30 s', async () => {
      const fields = ['Grip-Link: </gone>; rel=gone'];
      await serve({ '/': (res) => hold(res, 'response', 'ch', { fields }) });
      const client = await ask('/');
      await eventually(() => server.proxy.holds().length === 1, 'a hold');
      await server.proxy.publish('ch', { 'http-response': 'x' });
      await client.reply();
      await origin.nth('/gone', 1);
      await origin.pass(29_999);
      assert.equal(server.proxy.stats().upstreamRequests, 1);
      await origin.pass(1);
      assert.equal(server.proxy.stats().upstreamRequests, 0);
      assert.equal(server.proxy.limits().followUpTimeout, 1);
    });

    it('lets an item go when a filter is not answered in the time of the option', async () => {
      const fields = ['Grip-Set-Meta: url=/check'];
      const channel = 'ch; filter=http-check';
      await serve(
        { '/': (res) => hold(res, 'stream', [channel], { fields, body: '[' }) },
        { followUpTimeout: 2000 },
      );
      const client = await ask('/');
      await client.bodyWith('[');
      await publish('1 ');
      await origin.nth('/check', 1);
      await origin.pass(1999);
      assert.equal(server.proxy.limits().followUpTimeout, 0);
      await origin.pass(1);
      assert.equal(server.proxy.limits().followUpTimeout, 1);
    });

    it('waits for ever where the option is 0', async () => {
      await serve(
        { '/': (res) => hold(res, 'stream', 'ch', { fields: [NEXT], body: '[' }) },
        { followUpTimeout: 0, responseTimeout: 0 },
      );
      const client = await ask('/');
      await client.bodyWith('[');
      const next = await quiet();
      await origin.pass(10_000_000);
      hold(next, 'stream', 'ch', { fields: [NEXT], body: 'link' });
      await client.bodyWith('[link');
    });
  });
}
