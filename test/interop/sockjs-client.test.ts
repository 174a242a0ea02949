import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { FORBIDDEN, ROOM } from './support/events-app.js';
import { allCharacters } from './support/fragile-text.js';
import { HOUSES, type House } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';
import { SockJsParty } from './support/sockjs-party.js';

/** Those that the client has in Node. */
const TRANSPORTS = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];

const KB = 1024;

for (const [name, build] of Object.entries(HOUSES)) {
  for (const transport of TRANSPORTS) {
    describe(`sockjs-client by ${transport} as a client of ${name}`, () => {
      const stage = useInteropStage();
      let clock: ManualClock;
      let house: House;

      const enter = async (options: GripProxyOptions = {}, patience?: number): Promise<SockJsParty> => {
        clock = new ManualClock();
        house = await build(stage(), { sockjs: '/chat', clock, ...options });
        stage().onLeave(() => passTime());
        return new SockJsParty(stage(), `${house.url.replace('ws', 'http')}/chat`, transport, patience);
      };

      /** A client that leaves between two requests is missed after a while; and for a while, ends of sessions are told. */
      const passTime = (): void => {
        const ticks = setInterval(() => clock.advance(5000), 20);
        stage().onClose(() => clearInterval(ticks));
      };

      const enterRoom = async (): Promise<SockJsParty> => {
        const entered = await enter();
        assert.equal(await entered.next(), `open ${transport}`);
        await eventually(() => house.grip.hub.subscriberCount(ROOM) > 0, 'a subscription');
        assert.equal(await house.app.seen.next(), 'OPEN');
        return entered;
      };

      it('hears its own messages in their order', async () => {
        const entered = await enterRoom();
        const sent = ['hello', 'Grüße, 世界 🎉', '', '100% %41 %zz', '"\\ </script>', 'c:{"type":"detach"}'];
        for (const text of sent) entered.send(text);
        const heard = sent.map((text) => `text ${text}`.trim());
        assert.deepEqual(await entered.heard.take(sent.length), heard);
        assert.deepEqual(await house.app.seen.take(sent.length), heard);
      });

      it('hears every character as it was sent', async () => {
        const entered = await enterRoom();
        for (const text of allCharacters()) {
          entered.send(text);
          assert.ok((await entered.next()) === `text ${text}`, `from U+${text.charCodeAt(0).toString(16)}`);
        }
      });

      it('hears messages of 300 KB, more than one response may have', async () => {
        const entered = await enterRoom();
        const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(300 * KB));
        for (const text of [...texts, 'end']) {
          entered.send(text);
          assert.ok((await entered.next()) === `text ${text}`);
        }
      });

      it('hears what is published, one or many', async () => {
        const entered = await enterRoom();
        const receipt = await house.grip.publish(ROOM, { 'ws-message': 'news' });
        assert.equal(receipt.matched, 1);
        assert.equal(await entered.next(), 'text news');
        const texts = Array.from({ length: 200 }, (_, i) => `news ${i}`);
        for (const text of texts) await house.grip.publish(ROOM, { 'ws-message': text });
        assert.deepEqual(
          await entered.heard.take(texts.length),
          texts.map((text) => `text ${text}`),
        );
      });

      it('is closed by the app, and by a publisher, with a code and a reason', async () => {
        const first = await enterRoom();
        first.send('bye');
        assert.equal(await first.next(), 'close 4001 bye then');
        const second = new SockJsParty(stage(), first.url, transport);
        assert.equal(await second.next(), `open ${transport}`);
        await eventually(() => house.grip.hub.subscriberCount(ROOM) > 0, 'a subscription');
        await house.grip.publish(ROOM, { 'ws-message': { action: 'close', code: 4002, reason: 'see you' } });
        assert.equal(await second.next(), 'close 4002 see you');
      });

      it('closes by itself, and the app hears of it', async () => {
        const entered = await enterRoom();
        entered.socket.close();
        if (transport === 'websocket') {
          assert.match(await house.app.seen.next(), /^close/);
          return;
        }
        // Between two requests it has no way to say so; one that is on its way may come too late, and be a new session's.
        passTime();
        let line = await house.app.seen.next();
        while (line === 'OPEN') line = await house.app.seen.next();
        assert.match(line, /^close|^DISCONNECT/);
      });

      it('sees that it is not let in', async () => {
        // The event source of Node tries again for as long as the client lets it.
        const entered = await enter({ sockjsAsPath: FORBIDDEN.path }, 1000);
        assert.equal(await entered.next(), 'close 2000 All transports failed unclean');
      });

      it('is told when the proxy ends', async () => {
        const entered = await enterRoom();
        await house.grip.close();
        assert.match(await entered.next(), /^close 1012/);
      });
    });
  }
}
