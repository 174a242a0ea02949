import assert from 'node:assert/strict';
import { Sender } from 'ws';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { asked, WebSocketBench } from './support/web-socket-bench.js';
import { controlEvent, KINDS, WebSocketParty } from './support/web-socket-party.js';

const KB = 1024;
const ONE = { matched: 1, delivered: 1, queued: 0, filtered: 0, dropped: 0 };
const NONE = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };

for (const kind of KINDS) {
  describe(`a WebSocket that is published to, ${kind}`, () => {
    const stage = useStage();

    /** A client that is subscribed to `ch`. */
    async function subscribed(filters: string[] = [], options = {}): Promise<WebSocketParty> {
      const party = await WebSocketParty.start(stage(), kind, 'grip', options);
      await party.control({ type: 'subscribe', channel: 'ch', filters });
      return party;
    }

    const formats: [format: string | object, got: string][] = [
      ['hello', 'text hello'],
      [{ content: 'hello world' }, 'text hello world'],
      [{ content: '' }, 'text '],
      [{ content: 'é\u{1f600}\0' }, 'text é\u{1f600}\0'],
      [{ type: 'binary', content: 'hello' }, 'binary 68656c6c6f'],
      [{ 'content-bin': '/wA=' }, 'binary ff00'],
      [{ 'content-bin': '' }, 'binary '],
      [{ type: 'text', 'content-bin': 'aGk=' }, 'text hi'],
      [{ content: 'no', 'content-bin': 'aGk=' }, 'binary 6869'],
      [{ type: 'ping' }, 'ping '],
      [{ type: 'ping', content: 'p'.repeat(125) }, `ping ${'p'.repeat(125)}`],
      [{ type: 'pong', content: 'p' }, 'pong p'],
      [{ action: 'send', content: 'x' }, 'text x'],
    ];
    for (const [format, got] of formats) {
      it(`gets ${JSON.stringify(format).slice(0, 60)}`, async () => {
        const party = await subscribed();
        assert.deepEqual(await party.proxy.publish('ch', { 'ws-message': format as string }), ONE);
        assert.deepEqual(await party.arrived(), [got]);
      });
    }

    const refused = [
      { type: 'text' },
      { type: 'close', content: 'x' },
      { content: 5 },
      { action: 'nope' },
      { action: 'close', code: -1 },
      { action: 'close', code: 0 },
      { action: 'close', code: 1005 },
      { action: 'close', code: 1006 },
      { action: 'close', code: 70_000 },
      { action: 'close', code: 1000, reason: 'x'.repeat(124) },
      { action: 'close', reason: 5 },
      { type: 'ping', content: 'p'.repeat(126) },
      { type: 'text', 'content-bin': '/w==' },
    ];
    for (const format of refused) {
      it(`does not get ${JSON.stringify(format).slice(0, 60)}: the publisher is told`, async () => {
        const party = await subscribed();
        await assert.rejects(party.proxy.publish('ch', { 'ws-message': format as object }), {
          code: 'GRIP_ERR_INVALID_ITEM',
        });
        assert.deepEqual(await party.arrived(), []);
      });
    }

    it('does not care for other formats, nor for hints', async () => {
      const party = await subscribed();
      assert.deepEqual(await party.proxy.publish('ch', { 'http-stream': 'x', 'http-response': 'x' }), NONE);
      assert.deepEqual(await party.proxy.publish('ch', { 'ws-message': { action: 'hint' } }), NONE);
      assert.deepEqual(await party.proxy.publish('elsewhere', { 'ws-message': 'x' }), NONE);
      assert.deepEqual(await party.arrived(), []);
    });

    it('gets a long message in frames of 16 kB', async () => {
      const party = await subscribed();
      await party.proxy.publish('ch', { 'ws-message': 'x'.repeat(40_000) });
      await party.arrived();
      assert.deepEqual(
        party.client.frames.map(({ payload }) => payload.length).filter((length) => length > 100),
        [16_384, 16_384, 7232],
      );
    });

    it('is closed with the code and reason of a publisher', async () => {
      const cases: [close: object, got: string][] = [
        [{}, 'close 1000'],
        [{ code: 1001 }, 'close 1001'],
        [{ code: 4000, reason: 'bye' }, 'close 4000 bye'],
        [{ reason: 'no code' }, 'close 1000 no code'],
        [{ code: 1000, reason: 'é'.repeat(61) }, `close 1000 ${'é'.repeat(61)}`],
      ];
      for (const [close, got] of cases) {
        const { proxy, client } = await subscribed();
        assert.deepEqual(await proxy.publish('ch', { 'ws-message': { action: 'close', ...close } }), ONE);
        assert.deepEqual(await proxy.publish('ch', { 'ws-message': 'too late' }), NONE);
        await client.sees(got);
        client.close(1000);
        await client.closed();
        assert.equal(client.received.at(-1), got);
      }
    });

    it('gets what was published before its Close, in one turn', async () => {
      const { proxy, client } = await subscribed();
      const all = ['1', '2', { action: 'close' }, '3'].map((format) =>
        proxy.publish('ch', { 'ws-message': format as string }),
      );
      assert.deepEqual(
        (await Promise.all(all)).map(({ matched }) => matched),
        [1, 1, 1, 0],
      );
      await client.sees('close 1000');
      assert.deepEqual(client.received.slice(-3), ['text 1', 'text 2', 'close 1000']);
      client.close(1000);
      await client.closed();
    });

    it('gets items in their order, each once', async () => {
      const party = await subscribed();
      const publish = (id: string, prevId?: string): Promise<unknown> =>
        party.proxy.publish('ch', { 'ws-message': id }, { id, 'prev-id': prevId });
      await publish('a');
      await publish('c', 'b');
      await publish('b', 'a');
      await publish('b', 'a');
      await publish('d', 'c');
      assert.deepEqual(await party.arrived(), ['text a', 'text b', 'text c', 'text d']);
    });

    it('gets what the origin says and what is published in the order in which they come', async () => {
      const party = await subscribed();
      const expected: string[] = [];
      for (let i = 0; i < 50; i++) {
        const receipts = await Promise.all([
          party.proxy.publish('ch', { 'ws-message': `p${i}` }),
          party.proxy.publish('ch', { 'ws-message': `q${i}`.padEnd(20_000) }),
        ]);
        assert.deepEqual(receipts, [ONE, ONE]);
        await party.say(['TEXT', `m:${`o${i}`.padEnd(20_000)}`]);
        expected.push(`text p${i}`, `text ${`q${i}`.padEnd(20_000)}`, `text ${`o${i}`.padEnd(20_000)}`);
      }
      assert.deepEqual(party.got, expected);
    });

    describe('with filters', () => {
      async function publish(
        party: WebSocketParty,
        format: string | object,
        meta: Record<string, string> = {},
      ): Promise<{ delivered: number; filtered: number; dropped: number }> {
        return await party.proxy.publish('ch', { 'ws-message': format as string }, { meta });
      }

      it('does not get what it has sent itself', async () => {
        const party = await subscribed(['skip-self']);
        await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
        assert.equal((await publish(party, 'a', { sender: 'alice' })).filtered, 1);
        assert.equal((await publish(party, 'b', { sender: 'bob' })).delivered, 1);
        await party.control({ type: 'set-meta', name: 'user', value: 'bob' });
        assert.equal((await publish(party, 'c', { sender: 'alice' })).delivered, 1);
        await party.control({ type: 'set-meta', name: 'user' });
        assert.equal((await publish(party, 'd', { sender: 'bob' })).delivered, 1);
        assert.deepEqual(await party.arrived(), ['text b', 'text c', 'text d']);
      });

      it('does not get what is not for its user', async () => {
        const party = await subscribed(['skip-users']);
        await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
        assert.equal((await publish(party, 'a', { skip_users: 'bob, alice' })).filtered, 1);
        assert.equal((await publish(party, 'b', { skip_users: 'bob' })).delivered, 1);
      });

      it('does not get what is for subscribers of another channel, which has no prefix here', async () => {
        const party = await WebSocketParty.start(stage(), kind, 'grip', { route: { prefix: 'p-' } });
        await party.control({ type: 'subscribe', channel: 'ch', filters: ['require-sub'] });
        const ask = (channel: string): Promise<{ filtered: number; delivered: number }> =>
          party.proxy.publish('p-ch', { 'ws-message': 'x' }, { meta: { require_sub: channel } });
        assert.equal((await ask('other')).filtered, 1);
        await party.control({ type: 'subscribe', channel: 'other' });
        assert.equal((await ask('other')).delivered, 1);
        assert.equal((await ask('p-other')).filtered, 1);
      });

      it('gets content that is made for it', async () => {
        const party = await subscribed(['skip-self', 'var-subst']);
        await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
        const format = { content: 'hello %(user)s, 100%%', 'content-filters': ['var-subst'] };
        assert.equal((await publish(party, format)).delivered, 1);
        assert.equal((await publish(party, format, { sender: 'alice' })).filtered, 1);
        assert.deepEqual(await party.arrived(), ['text hello alice, 100%']);
      });

      it('does not get content that cannot be made', async () => {
        const party = await subscribed(['var-subst']);
        assert.equal((await publish(party, 'hello %(nobody)s')).dropped, 1);
        assert.equal((await publish(party, '50%')).dropped, 1);
        assert.deepEqual(await party.arrived(), []);
      });

      it('does not get a ping that has become too long', async () => {
        const party = await subscribed(['var-subst']);
        await party.control({ type: 'set-meta', name: 'user', value: 'x'.repeat(200) });
        assert.equal((await publish(party, { type: 'ping', content: '%(user)s' })).dropped, 1);
        assert.equal((await publish(party, { type: 'text', content: '%(user)s' })).delivered, 1);
        assert.deepEqual(await party.arrived(), [`text ${'x'.repeat(200)}`]);
      });

      it('does not get content that wants other filters', async () => {
        const party = await subscribed(['skip-self']);
        assert.equal((await publish(party, { content: 'x', 'content-filters': ['var-subst'] })).filtered, 1);
        assert.equal((await publish(party, { content: 'y', 'content-filters': [] })).delivered, 1);
      });

      it('is closed in debug mode when a filter does not fit or fails', async () => {
        for (const [filters, format, reason] of [
          [['var-subst'], '%(nobody)s', /var-subst/],
          [[], { content: 'x', 'content-filters': ['var-subst'] }, /filter/],
        ] as const) {
          const { client, proxy } = await subscribed([...filters], { route: { debug: true } });
          await proxy.publish('ch', { 'ws-message': format as string });
          await eventually(() => /^close 1011 /.test(client.received.at(-1) ?? ''), 'a Close');
          assert.match(client.received.at(-1) ?? '', reason);
          client.close(1011);
          await client.closed();
        }
      });

      it('is not closed, nor refreshed, by what a filter keeps from it', async () => {
        const party = await subscribed(['skip-self']);
        await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
        for (const action of ['close', 'refresh'])
          assert.equal((await publish(party, { action }, { sender: 'alice' })).filtered, 1);
        await party.arrived();
      });
    });

    it('is refreshed where its origin can be asked', async () => {
      const party = await subscribed();
      assert.deepEqual(await party.proxy.publish('ch', { 'ws-message': { action: 'refresh' } }), ONE);
      await settle(40);
      assert.deepEqual(await party.arrived(), []);
    });
  });
}

describe('many WebSockets that are published to', () => {
  const stage = useStage();
  const first = {
    fields: ['Sec-WebSocket-Extensions: grip'],
    body: Buffer.concat([Buffer.from('OPEN\r\n'), controlEvent({ type: 'subscribe', channel: 'ch' })]),
  };

  async function open(count: number, options = {}): Promise<{ bench: WebSocketBench; clients: WsClient[] }> {
    const bench = await WebSocketBench.overHttp(
      stage(),
      (text) => (text === 'OPEN\r\n' ? first : ''),
      options,
    );
    return { bench, clients: await Promise.all(Array.from({ length: count }, () => bench.open())) };
  }

  it('get the same bytes, which are made once', async () => {
    const { bench, clients } = await open(50);
    const original = Sender.frame;
    let frames = 0;
    Sender.frame = (data, options) => {
      frames++;
      return original(data, options);
    };
    try {
      for (let i = 0; i < 10; i++) {
        assert.equal((await bench.proxy.publish('ch', { 'ws-message': `item ${i}` })).delivered, 50);
      }
    } finally {
      Sender.frame = original;
    }
    assert.equal(frames, 10);
    for (const client of clients) {
      await client.count(10);
      assert.deepEqual(
        client.received,
        Array.from({ length: 10 }, (_, i) => `text item ${i}`),
      );
    }
  });

  it('lose nobody but the one who left', async () => {
    const { bench, clients } = await open(10);
    clients[3]?.destroy();
    await eventually(() => bench.proxy.hub.subscriberCount('ch') === 9, 'nine');
    assert.equal((await bench.proxy.publish('ch', { 'ws-message': 'x' })).delivered, 9);
    for (const [index, client] of clients.entries()) if (index !== 3) await client.sees('text x');
  });

  it('are closed at once', async () => {
    const { bench, clients } = await open(20);
    for (const client of clients) client.answersClose = true;
    await bench.proxy.publish('ch', { 'ws-message': { action: 'close', code: 1001 } });
    await Promise.all(clients.map((client) => client.closed()));
    await eventually(() => bench.server.held === 0, 'nothing held');
    assert.equal(asked(bench).filter((body) => body === 'CLOSE\r\n').length, 20);
  });

  describe('one of which is slow', () => {
    const item = 'x'.repeat(64 * KB);

    /** Publishes until something else happens to the first client than that it gets it. */
    async function fill(bench: WebSocketBench, until: 'queued' | 'dropped'): Promise<number> {
      for (let count = 1; ; count++) {
        const receipt = await bench.proxy.publish('ch', { 'ws-message': `${count} ${item}` });
        assert.equal(receipt.matched, 2);
        await settle(2);
        if (receipt[until] > 0) return count;
        assert(count < 1000, 'nothing fills up');
      }
    }

    it('lose nothing when that one reads on in time', async () => {
      const { bench, clients } = await open(2);
      const [slow, quick] = clients;
      assert(slow && quick);
      slow.pause();
      const count = await fill(bench, 'queued');
      await quick.count(count);
      slow.resume();
      await slow.count(count);
      assert.deepEqual(
        slow.received.map((message) => Number(message.split(' ')[1])),
        Array.from({ length: count }, (_, i) => i + 1),
      );
      assert.equal((await bench.proxy.publish('ch', { 'ws-message': 'x' })).delivered, 2);
    });

    it('lose that one, with 1013, when what waits for it is too much', async () => {
      const { bench, clients } = await open(2);
      const [slow, quick] = clients;
      assert(slow && quick);
      slow.pause();
      const count = await fill(bench, 'dropped');
      assert.equal(bench.proxy.hub.subscriberCount('ch'), 1);
      await quick.count(count);
      assert.equal((await bench.proxy.publish('ch', { 'ws-message': 'x' })).matched, 1);
      slow.resume();
      await slow.sees('close 1013 too slow');
      // It sees that it has all but what came last.
      assert.equal(slow.messages.length, count);
      slow.close(1013);
      await slow.closed();
      await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
    });

    it('hold no more for it than the option says', async () => {
      const { bench, clients } = await open(2, { proxy: { sessionQueueBytes: 256 * KB } });
      const [slow, quick] = clients;
      assert(slow && quick);
      slow.pause();
      const queued = await fill(bench, 'queued');
      const dropped = await fill(bench, 'dropped');
      // 256 kB, less what has been handed to the connection already.
      assert(dropped <= 4, `${dropped} items of 64 kB after ${queued}`);
      await bench.pass(10_000);
      await eventually(() => bench.proxy.stats().sessions === 1, 'one session');
      slow.resume();
      await slow.closed();
      quick.destroy();
    });
  });
});
