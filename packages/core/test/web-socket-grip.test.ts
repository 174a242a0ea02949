import assert from 'node:assert/strict';
import { useStage } from '../../../test/support/stage.js';
import { KINDS, type Saying, WebSocketParty } from './support/web-socket-party.js';

for (const kind of KINDS) {
  describe(`an origin that speaks GRIP over a WebSocket, ${kind}`, () => {
    const stage = useStage();

    const prefixes: [extension: string, said: Saying, got: string[]][] = [
      ['', ['TEXT', 'm:hi'], ['text m:hi']],
      ['', ['TEXT', 'c:{"type":"detach"}'], ['text c:{"type":"detach"}']],
      ['grip', ['TEXT', 'm:hi'], ['text hi']],
      ['grip', ['TEXT', 'm:'], ['text ']],
      ['grip', ['BINARY', 'm:\x01'], ['binary 01']],
      ['grip', ['TEXT', 'hi'], []],
      ['grip', ['TEXT', 'm'], []],
      ['grip', ['TEXT', ''], []],
      ['grip', ['TEXT', ' m:hi'], []],
      ['grip', ['BINARY', 'c:{}'], []],
      ['grip; message-prefix=""', ['TEXT', 'hi'], ['text hi']],
      ['grip; message-prefix=""', ['TEXT', ''], ['text ']],
      ['grip; message-prefix=""', ['TEXT', 'm:hi'], ['text m:hi']],
      ['grip; message-prefix=""', ['TEXT', 'c:{"type":"subscribe","channel":"x"}'], []],
      ['grip; message-prefix=""', ['BINARY', 'c:{}'], ['binary 633a7b7d']],
      ['grip; message-prefix="x;y"', ['TEXT', 'x;yhi'], ['text hi']],
      ['grip; message-prefix="x;y"', ['TEXT', 'm:hi'], []],
      ['grip; message-prefix=é', ['TEXT', 'm:hi'], []],
      ['grip; message-prefix=', ['TEXT', 'm:hi'], ['text m:hi']],
      ['grip; message-prefix="x', ['TEXT', 'm:hi'], ['text m:hi']],
      ['foo, grip', ['TEXT', 'm:hi'], ['text hi']],
      ['GRIP', ['TEXT', 'm:hi'], ['text m:hi']],
      ['gripe', ['TEXT', 'm:hi'], ['text m:hi']],
      ['grip', ['PING', 'a'], ['ping a']],
      ['grip', ['PONG', 'b'], ['pong b']],
      ['grip', ['PING', 'm:a'], ['ping m:a']],
    ];
    for (const [extension, said, got] of prefixes) {
      it(`I: with '${extension}' ${said.join(' ')} is ${JSON.stringify(got)} to the client`, async () => {
        const party = await WebSocketParty.start(stage(), kind, extension);
        await party.say(said);
        assert.deepEqual(party.got, got);
      });
    }

    it('is not heard where the route takes no part in GRIP', async () => {
      const options = { route: { grip: false } };
      if (kind === 'direct') return;
      const party = await WebSocketParty.start(stage(), kind, 'grip', options);
      await party.say(['TEXT', 'c:{"type":"subscribe","channel":"x"}']);
      assert.deepEqual(party.got, ['text c:{"type":"subscribe","channel":"x"}']);
      assert.equal(party.proxy.stats().channels, 0);
    });

    it('is not heard in what the client sends', async () => {
      const party = await WebSocketParty.start(stage(), kind);
      party.client.text('c:{"type":"subscribe","channel":"x"}');
      await party.say();
      assert.equal(party.proxy.stats().channels, 0);
    });

    it('can send a long message, and a long control message', async () => {
      const party = await WebSocketParty.start(stage(), kind);
      await party.say(['TEXT', `m:${'x'.repeat(100_000)}`]);
      await party.control({ type: 'subscribe', channel: 'x', comment: 'y'.repeat(100_000) });
      assert.deepEqual(party.got, [`text ${'x'.repeat(100_000)}`]);
      assert.equal(party.proxy.hub.subscriberCount('x'), 1);
      await party.say(['TEXT', 'z'.repeat(100_000)]);
      assert.equal(party.got.length, 1);
    });

    describe('subscribes', () => {
      it('the client to a channel, with the prefix of the route', async () => {
        const party = await WebSocketParty.start(stage(), kind, 'grip', { route: { prefix: 'p-' } });
        await party.control({ type: 'subscribe', channel: 'a' });
        assert.equal(party.proxy.hub.subscriberCount('p-a'), 1);
        assert.equal((await party.proxy.publish('a', { 'ws-message': 'no' })).matched, 0);
        assert.equal((await party.proxy.publish('p-a', { 'ws-message': 'yes' })).delivered, 1);
        assert.deepEqual(await party.arrived(), ['text yes']);
      });

      it('the client once, however often it says so', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        for (let i = 0; i < 3; i++) await party.control({ type: 'subscribe', channel: 'a' });
        assert.equal((await party.proxy.publish('a', { 'ws-message': 'x' })).delivered, 1);
        assert.deepEqual(await party.arrived(), ['text x']);
      });

      it('the client to what comes in the same breath as other messages', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.say(
          ['TEXT', 'm:1'],
          ['TEXT', 'c:{"type":"subscribe","channel":"a"}'],
          ['TEXT', 'm:2'],
          ['TEXT', 'c:{"type":"subscribe","channel":"b"}'],
          ['TEXT', 'm:3'],
        );
        assert.deepEqual(party.got, ['text 1', 'text 2', 'text 3']);
        assert.equal(party.proxy.stats().channels, 2);
      });

      it('the client to 20 channels, and no more', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        for (let i = 0; i < 25; i++) await party.control({ type: 'subscribe', channel: `${i}` });
        assert.equal(party.proxy.stats().channels, 20);
        assert.equal(party.proxy.hub.subscriberCount('19'), 1);
        assert.equal(party.proxy.hub.subscriberCount('20'), 0);
        await party.control({ type: 'unsubscribe', channel: '3' });
        await party.control({ type: 'subscribe', channel: '24' });
        assert.equal(party.proxy.hub.subscriberCount('24'), 1);
        assert.deepEqual(party.got, []);
      });

      it('the client with other filters, at the limit too', async () => {
        const options = { proxy: { subscriptionsPerConnection: 1 } };
        const party = await WebSocketParty.start(stage(), kind, 'grip', options);
        await party.control({ type: 'subscribe', channel: 'a' });
        await party.control({ type: 'subscribe', channel: 'a', filters: ['skip-self'] });
        await party.control({ type: 'set-meta', name: 'user', value: 'alice' });
        const receipt = await party.proxy.publish('a', { 'ws-message': 'x' }, { meta: { sender: 'alice' } });
        assert.equal(receipt.filtered, 1);
      });

      it('the client to channels that the target is for, without the prefix, and for good', async () => {
        const party = await WebSocketParty.start(stage(), kind, '', {
          route: { prefix: 'p-' },
          target: { subscribe: ['own', 'other'] },
        });
        assert.equal(party.proxy.stats().channels, 2);
        await party.proxy.publish('own', { 'ws-message': 'x' });
        assert.deepEqual(await party.arrived(), ['text x']);
        await party.say(['TEXT', 'm:as it is']);
        assert.deepEqual(party.got, ['text x', 'text m:as it is']);
      });

      it('the client to channels of the target for good, whatever it says', async () => {
        const party = await WebSocketParty.start(stage(), kind, 'grip', { target: { subscribe: ['own'] } });
        await party.control({ type: 'unsubscribe', channel: 'own' });
        assert.equal(party.proxy.hub.subscriberCount('own'), 1);
        await party.control({ type: 'subscribe', channel: 'own', filters: ['require-sub'] });
        const meta = { require_sub: 'elsewhere' };
        assert.equal((await party.proxy.publish('own', { 'ws-message': 'x' }, { meta })).filtered, 1);
      });

      const wrong = [
        '{"type":"subscribe"}',
        '{"type":"subscribe","channel":""}',
        '{"type":"subscribe","channel":5}',
        '{"type":"subscribe","channel":null}',
        '{"type":"subscribe","channel":"a","filters":"skip-self"}',
        '{"type":"subscribe","channel":"a","filters":[5]}',
        '{"type":"subscribe","channel":"a","filters":null}',
        '{"type":"Subscribe","channel":"a"}',
        '{"channel":"a"}',
        '[]',
        '[{"type":"subscribe","channel":"a"}]',
        'nonsense',
        '',
        'null',
        '{"type":"close"}',
        '{"type":5}',
        '{"type":"__proto__","channel":"a"}',
        '{"__proto__":{"type":"subscribe","channel":"a"}}',
        `${'['.repeat(100_000)}`,
      ];
      for (const message of wrong) {
        it(`nobody with ${message.slice(0, 60)}, and goes on`, async () => {
          const party = await WebSocketParty.start(stage(), kind);
          await party.control(message);
          assert.equal(party.proxy.stats().channels, 0);
          await party.control({ type: 'subscribe', channel: 'a' });
          assert.equal(party.proxy.stats().channels, 1);
        });
      }

      it('nobody with JSON that is no UTF-8', async () => {
        const party = await WebSocketParty.start(stage(), kind, 'grip; message-prefix=""');
        await party.say(['BINARY', Buffer.from('c:{"type":"subscribe","channel":"\xff"}', 'latin1')]);
        assert.equal(party.proxy.stats().channels, 0);
      });

      it('the client with filters that nobody knows', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'subscribe', channel: 'a', filters: ['nope'] });
        assert.equal((await party.proxy.publish('a', { 'ws-message': 'x' })).delivered, 1);
      });

      for (const debug of [false, true]) {
        it(`nobody with more than five filters: the connection is closed${debug ? ', with the reason' : ''}`, async () => {
          const party = await WebSocketParty.start(stage(), kind, 'grip', { route: { debug } });
          const filters = ['skip-self', 'skip-users', 'require-sub', 'var-subst', 'build-id', 'more'];
          party.sayLast(['TEXT', `c:${JSON.stringify({ type: 'subscribe', channel: 'a', filters })}`]);
          assert.equal(
            await party.client.next(),
            debug ? "close 1011 too many filters for channel 'a'" : 'close 1011',
          );
          party.client.close(1011);
          await party.client.closed();
        });
      }
    });

    it('unsubscribes the client', async () => {
      const party = await WebSocketParty.start(stage(), kind, 'grip', { route: { prefix: 'p-' } });
      await party.control({ type: 'subscribe', channel: 'a' });
      await party.control({ type: 'subscribe', channel: 'b' });
      await party.control({ type: 'unsubscribe', channel: 'zzz' });
      await party.control({ type: 'unsubscribe', channel: 'p-a' });
      assert.equal(party.proxy.stats().channels, 2);
      await party.control({ type: 'unsubscribe', channel: 'a' });
      await party.control({ type: 'unsubscribe', channel: 'a' });
      assert.equal(party.proxy.stats().channels, 1);
      assert.equal((await party.proxy.publish('p-a', { 'ws-message': 'x' })).matched, 0);
    });

    it('takes session and ack, which say nothing', async () => {
      const party = await WebSocketParty.start(stage(), kind);
      await party.control({ type: 'session', id: 'x' });
      await party.control({ type: 'session' });
      await party.control({ type: 'ack' });
      assert.deepEqual(party.got, []);
    });

    it('leaves no channel when the client is gone', async () => {
      const party = await WebSocketParty.start(stage(), kind);
      await party.control({ type: 'subscribe', channel: 'a' });
      party.client.destroy();
      await new Promise<void>((resolve) => party.proxy.once('unsubscribe', () => resolve()));
      assert.equal(party.proxy.stats().channels, 0);
    });

    describe('detaches', () => {
      it('itself from the client, which goes on getting what is published', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        const { client, proxy } = party;
        await party.control({ type: 'subscribe', channel: 'a' });
        await party.control({ type: 'keep-alive', content: 'k', timeout: 10 });
        party.sayLast(['TEXT', 'm:before'], ['TEXT', 'c:{"type":"detach"}'], ['TEXT', 'm:after']);
        await client.sees('text before');
        await party.pass(0);
        client.text('to nobody');
        client.ping('to nobody');
        assert.equal((await proxy.publish('a', { 'ws-message': 'published' })).delivered, 1);
        await client.sees('text published');
        await party.pass(10_000);
        await client.sees('text k');
        assert.deepEqual(party.got, ['text before', 'text published', 'text k']);
        assert.equal(proxy.stats().upstreamRequests, 0);
        client.close(1001, 'bye');
        await client.sees('close 1000');
        await client.closed();
      });

      it('itself from a client that a publisher can close', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'subscribe', channel: 'a' });
        party.sayLast(['TEXT', 'c:{"type":"detach"}'], ['TEXT', 'c:{"type":"detach"}']);
        await party.pass(0);
        await party.proxy.publish('a', { 'ws-message': { action: 'close', code: 4000, reason: 'x' } });
        await party.client.sees('close 4000 x');
        party.client.close(4000);
        await party.client.closed();
      });
    });
  });
}
