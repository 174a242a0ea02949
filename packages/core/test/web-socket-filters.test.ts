import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { GripProxyOptions, ItemOptions, Receipt } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import type { Origin } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { KINDS, WebSocketParty } from './support/web-socket-party.js';

for (const kind of KINDS) {
  describe(`a filter of a WebSocket (${kind}) that asks its origin`, () => {
    const stage = useStage();
    let filter: Origin;
    /** Answers are left to the test. */
    let pending: ServerResponse[];
    let party: WebSocketParty;

    async function start(filters: string[], options: GripProxyOptions = {}): Promise<void> {
      pending = [];
      filter = await stage().origin((res) => void res.req.on('end', () => pending.push(res)));
      const proxy = { linkHosts: [`127.0.0.1:${filter.port}`], ...options };
      party = await WebSocketParty.start(stage(), kind, 'grip', { proxy });
      await party.control({ type: 'set-meta', name: 'url', value: `${filter.url}/filter` });
      await party.control({ type: 'subscribe', channel: 'ch', filters });
      await party.control({ type: 'subscribe', channel: 'plain' });
    }

    async function answer(index: number, status: number, body = '', action = ''): Promise<void> {
      await eventually(() => pending[index] !== undefined, `question ${index}`);
      pending[index]?.writeHead(status, action === '' ? {} : { Action: action }).end(body);
    }

    function publish(content: string | object, options: ItemOptions = {}, channel = 'ch'): Promise<Receipt> {
      return party.proxy.publish(channel, { 'ws-message': content as string }, options);
    }

    it('lets messages pass, drops and changes them, in their order', async () => {
      await start(['http-modify']);
      for (const content of ['1', '2', '3']) assert.equal((await publish(content)).queued, 1);
      assert.equal((await publish('plain', {}, 'plain')).queued, 1);
      assert.deepEqual(await party.arrived(), []);
      await answer(0, 204);
      await answer(1, 200, '', 'drop');
      await answer(2, 200, 'three');
      await party.client.sees('text plain');
      assert.deepEqual(party.got, ['text 1', 'text three', 'text plain']);
      assert.deepEqual(
        filter.requests.map(({ method, url, body }) => `${method} ${url} ${body}`),
        ['POST /filter 1', 'POST /filter 2', 'POST /filter 3'],
      );
    });

    it('hears of what is known of the client and of the item', async () => {
      await start(['http-check']);
      await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
      await publish('hello', { meta: { by: 'bob' } });
      await answer(0, 200);
      await party.client.sees('text hello');
      const { headers, body } = await filter.request();
      assert.deepEqual(JSON.parse(String(headers['sub-meta'])), {
        url: `${filter.url}/filter`,
        user: 'alice',
      });
      assert.deepEqual([headers['pub-meta'], String(body)], ['{"by":"bob"}', '']);
    });

    it('does not hold up what the origin says itself', async () => {
      await start(['http-check']);
      await publish('published');
      await party.say(['TEXT', 'm:said']);
      assert.deepEqual(party.got, ['text said']);
      await answer(0, 200);
      await party.client.sees('text published');
    });

    it('keeps closes and refreshes too', async () => {
      await start(['http-check']);
      for (const action of ['close', 'refresh']) await publish({ action });
      await answer(0, 200, '', 'drop');
      await answer(1, 200, '', 'drop');
      await eventually(() => party.proxy.stats().upstreamRequests === 0, 'answers');
      await publish({ action: 'close', code: 4000 });
      await answer(2, 204);
      await party.client.sees('close 4000');
      party.client.close(4000);
    });

    it('that fails loses one item only', async () => {
      await start(['http-modify']);
      await publish('lost');
      await publish('kept');
      await answer(0, 500);
      await answer(1, 204);
      await party.client.sees('text kept');
      assert.deepEqual(party.got, ['text kept']);
    });

    it('fails with a text that is none', async () => {
      await start(['http-modify']);
      await publish('lost');
      await eventually(() => pending.length === 1, 'a question');
      pending[0]?.end(Buffer.of(0xff));
      await publish('kept', {}, 'plain');
      await party.client.sees('text kept');
      assert.deepEqual(party.got, ['text kept']);
    });

    it('closes the connection in debug mode when it fails', async () => {
      await start(['http-check'], { debug: true });
      await publish('lost');
      await answer(0, 404);
      const reason = 'filter error: http-check: unexpected network request status: code=404';
      await party.client.sees(`close 1011 ${reason}`);
      party.client.close(1011);
    });

    it('is given up when the client leaves', async () => {
      await start(['http-check']);
      await publish('hello');
      await filter.request();
      party.client.destroy();
      await filter.abandonedRequest();
    });

    it('that is too slow has the connection closed with 1013', async () => {
      await start(['http-check'], { sessionQueueBytes: 4000 });
      for (let i = 0; i < 3; i++) assert.equal((await publish('x'.repeat(200))).queued, 1);
      assert.equal((await publish('x'.repeat(300))).dropped, 1);
      await party.client.sees('close 1013 too slow');
      party.client.close(1013);
      await settle();
      assert.equal(party.proxy.backlog().overflows.queue, 1);
    });
  });
}
