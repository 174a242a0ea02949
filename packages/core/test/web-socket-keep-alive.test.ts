import assert from 'node:assert/strict';
import { useStage } from '../../../test/support/stage.js';
import { KINDS, WebSocketParty } from './support/web-socket-party.js';

for (const kind of KINDS) {
  describe(`an origin of a WebSocket, ${kind}, by way of the proxy`, () => {
    const stage = useStage();

    describe('keeps the client alive', () => {
      async function start(message: object): Promise<WebSocketParty> {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'keep-alive', ...message });
        return party;
      }

      const cases: [message: object, seconds: number, got: string][] = [
        [{ content: '{}', timeout: 30 }, 30, 'text {}'],
        [{ 'message-type': 'ping', content: '' }, 55, 'ping '],
        [{ 'message-type': 'pong', content: 'p' }, 55, 'pong p'],
        [{ 'message-type': 'binary', content: 'b' }, 55, 'binary 62'],
        [{ 'content-bin': 'AQI=' }, 55, 'text \x01\x02'],
        [{ 'message-type': 'binary', 'content-bin': 'AQI=' }, 55, 'binary 0102'],
        [{ content: 'x', timeout: 0 }, 55, 'text x'],
        [{ content: 'x', timeout: '7' }, 7, 'text x'],
        [{ content: 'x', timeout: 1 }, 1, 'text x'],
        [{ content: 'x', mode: 'interval', timeout: 10 }, 10, 'text x'],
        [{ content: 'x', mode: 'whatever', timeout: 10 }, 10, 'text x'],
        [{ content: 'x', 'content-bin': 'eQ==' }, 55, 'text y'],
      ];
      for (const [message, seconds, got] of cases) {
        it(`J: with ${JSON.stringify(message)}: '${got}' each ${seconds} s`, async () => {
          const party = await start(message);
          // What marks the end of the control message counts from then on.
          for (let i = 1; i <= 3; i++) {
            await party.pass(seconds * 1000 - 1);
            assert.equal(party.got.length, i - 1);
            await party.pass(1);
            await party.client.count(i + 1);
            assert.equal(party.got.length, i);
          }
          assert.deepEqual(new Set(party.got), new Set([got]));
        });
      }

      for (const message of [
        {},
        { 'message-type': 'ping' },
        { content: 'x', timeout: -1 },
        { content: 5 },
        { content: null },
        { content: 'x', 'message-type': 'close' },
        { content: 'x'.repeat(126), 'message-type': 'ping' },
        { content: 'x', timeout: [] },
        { 'content-bin': '/w==' },
      ]) {
        it(`J: not with ${JSON.stringify(message).slice(0, 60)}`, async () => {
          const party = await start(message);
          await party.pass(1_000_000);
          assert.deepEqual(party.got, []);
          assert.equal(party.proxy.stats().timers, 0);
        });
      }

      it('up to a second earlier than it says, and never at once', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        party.clock.chance = 0.999;
        await party.control({ type: 'keep-alive', content: 'x', timeout: 10 });
        await party.pass(9000);
        assert.deepEqual(party.got, []);
        await party.pass(999);
        await party.client.sees('text x');
        await party.control({ type: 'keep-alive', content: 'y', timeout: 1 });
        await party.pass(1);
        assert.deepEqual(party.got, ['text x']);
        await party.pass(999);
        await party.client.sees('text y');
      });

      it('when nothing else is sent', async () => {
        const party = await start({ content: 'x', timeout: 10 });
        await party.control({ type: 'subscribe', channel: 'a' });
        await party.pass(9000);
        await party.proxy.publish('a', { 'ws-message': 'news' });
        await party.pass(9999);
        assert.deepEqual(party.got, ['text news']);
        await party.say(['TEXT', 'm:hello']);
        await party.pass(9999);
        assert.deepEqual(party.got, ['text news', 'text hello']);
        await party.pass(1);
        await party.client.sees('text x');
      });

      it('each interval, whatever is sent', async () => {
        const party = await start({ content: 'x', timeout: 10, mode: 'interval' });
        await party.control({ type: 'subscribe', channel: 'a' });
        await party.pass(9999);
        await party.proxy.publish('a', { 'ws-message': 'news' });
        await party.pass(1);
        assert.deepEqual(await party.arrived(), ['text news', 'text x']);
      });

      it('until it says otherwise', async () => {
        const party = await start({ content: 'x', timeout: 10 });
        await party.pass(10_000);
        await party.control({ type: 'keep-alive', content: 'y', timeout: 20 });
        await party.pass(10_000);
        assert.deepEqual(party.got, ['text x']);
        await party.pass(10_000);
        assert.deepEqual(await party.arrived(), ['text x', 'text y']);
        await party.control({ type: 'keep-alive' });
        await party.pass(1_000_000);
        assert.deepEqual(party.got, ['text x', 'text y']);
        assert.equal(party.proxy.stats().timers, 0);
      });

      it('whatever is wrong in what it says later', async () => {
        const party = await start({ content: 'x', timeout: 10 });
        await party.control({ type: 'keep-alive', content: 'y', timeout: -1 });
        await party.pass(10_000);
        assert.deepEqual(await party.arrived(), ['text x']);
      });
    });

    describe('sends later', () => {
      it('J: what it says, and before it what has waited', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'send-delayed', content: 'a' });
        assert.deepEqual(party.got, []);
        await party.control({ type: 'send-delayed', content: 'b' });
        assert.deepEqual(party.got, ['text a']);
        await party.pass(999);
        assert.deepEqual(party.got, ['text a']);
        await party.pass(1);
        assert.deepEqual(await party.arrived(), ['text a', 'text b']);
        await party.pass(100_000);
        assert.deepEqual(await party.arrived(), ['text a', 'text b']);
      });

      it('J: what it says, or at once when it has changed its mind', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'send-delayed', content: 'a', timeout: 5 });
        await party.control({ type: 'flush-delayed' });
        assert.deepEqual(party.got, ['text a']);
        await party.control({ type: 'flush-delayed' });
        await party.pass(5000);
        assert.deepEqual(await party.arrived(), ['text a']);
      });

      const cases: [message: object, seconds: number, got: string][] = [
        [{}, 1, 'text '],
        [{ 'message-type': 'ping' }, 1, 'ping '],
        [{ 'message-type': 'ping', timeout: 9 }, 1, 'ping '],
        [{ 'message-type': 'binary', 'content-bin': '/w==', timeout: 9 }, 9, 'binary ff'],
        [{ content: 'x', timeout: 0 }, 1, 'text x'],
      ];
      for (const [message, seconds, got] of cases) {
        it(`with ${JSON.stringify(message)}: '${got}' after ${seconds} s`, async () => {
          const party = await WebSocketParty.start(stage(), kind);
          await party.control({ type: 'send-delayed', ...message });
          await party.pass(seconds * 1000 - 1);
          assert.deepEqual(party.got, []);
          await party.pass(1);
          assert.deepEqual(await party.arrived(), [got]);
        });
      }

      it('nothing once the client is gone', async () => {
        const party = await WebSocketParty.start(stage(), kind);
        await party.control({ type: 'send-delayed', content: 'a', timeout: 5 });
        assert.equal(party.proxy.stats().timers, 1);
        party.client.destroy();
        while (party.proxy.stats().sessions > 0) await party.pass(0);
        assert.equal(party.proxy.stats().timers, 0);
      });
    });
  });
}
