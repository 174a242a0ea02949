import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { FORBIDDEN, ROOM, WELCOME } from './support/events-app.js';
import { HOUSES, type House } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';
import { type OpenOptions, WsParty } from './support/ws-party.js';

const MB = 1_000_000;

/** What Express adds to each response. */
const EXPRESS_FIELDS = ['etag', 'x-powered-by', 'date'];

for (const [name, build] of Object.entries(HOUSES)) {
  describe(`ws as a client of ${name}`, () => {
    const stage = useInteropStage();
    let house: House;

    beforeEach(async () => {
      house = await build(stage());
    });

    /** A client that is in, and subscribed. */
    const enter = async (options: OpenOptions = {}): Promise<WsParty> => {
      const party = await WsParty.open(stage(), `${house.url}/ws`, options);
      await eventually(() => house.grip.hub.subscriberCount(ROOM) > 0, 'a subscription');
      assert.equal(await house.app.seen.next(), 'OPEN');
      return party;
    };

    it('hears its own messages, texts and bytes, empty ones too, in their order', async () => {
      const party = await enter();
      const sent = ['hello', '', 'Grüße, 世界 🎉', 'm:c:{}', 'c:{"type":"detach"}'];
      for (const text of sent) party.send(text);
      party.send(Buffer.from([0, 1, 255]));
      party.send(Buffer.alloc(0));
      const heard = [...sent.map((text) => `text ${text}`.trim()), 'binary 0001ff', 'binary'];
      assert.deepEqual(await party.heard.take(heard.length), heard);
      assert.deepEqual(await house.app.seen.take(heard.length), heard);
    });

    it('hears 500 messages that it sends at once in their order', async () => {
      const party = await enter();
      const texts = Array.from({ length: 500 }, (_, i) => `message ${i}`);
      for (const text of texts) party.send(text);
      assert.deepEqual(
        await party.heard.take(texts.length),
        texts.map((text) => `text ${text}`),
      );
    });

    it('hears messages of a megabyte, text and bytes', async () => {
      const party = await enter();
      const text = 'ä'.repeat(MB / 2);
      party.send(text);
      assert((await party.next()) === `text ${text}`, 'the text');
      const bytes = Buffer.alloc(MB, Buffer.from([0, 127, 128, 255, 13, 10]));
      party.send(bytes);
      assert((await party.next()) === `binary ${bytes.toString('hex')}`, 'the bytes');
    });

    it('hears a message that it sends in fragments as one', async () => {
      const party = await enter();
      party.socket.send('one, ', { fin: false });
      party.socket.ping('between');
      party.socket.send('two, ', { fin: false });
      party.socket.send('three', { fin: true });
      assert.deepEqual((await party.heard.take(2)).sort(), ['pong between', 'text one, two, three']);
    });

    it('speaks the subprotocol that the app chooses', async () => {
      const party = await enter({ protocols: ['chat.v1', WELCOME.protocol, 'chat.v3'] });
      assert.equal(party.socket.protocol, WELCOME.protocol);
    });

    it('speaks no subprotocol where it offers none', async () => {
      const party = await enter();
      assert.equal(party.socket.protocol, '');
      assert.equal(party.headers['sec-websocket-protocol'], undefined);
    });

    it('gets the fields of the app, and nothing of GRIP', async () => {
      const party = await enter();
      assert.deepEqual(party.headers['set-cookie'], [WELCOME.cookie]);
      const others = Object.keys(party.headers).filter((field) => !EXPRESS_FIELDS.includes(field));
      assert.deepEqual(others.sort(), ['connection', 'sec-websocket-accept', 'set-cookie', 'upgrade']);
    });

    it('is known to the app by its own fields', async () => {
      const headers = {
        Cookie: 'session=abc; theme=dark',
        Authorization: 'Bearer xyz',
        Origin: 'http://a.test',
      };
      const party = await enter({ headers });
      party.send('who');
      const told = JSON.stringify({
        cookie: headers.Cookie,
        origin: headers.Origin,
        authorization: headers.Authorization,
      });
      assert.equal(await party.next(), `text ${told}`);
    });

    it('has its ping answered with what it sent', async () => {
      const party = await enter();
      party.socket.ping('are you');
      assert.equal(await party.next(), 'pong are you');
      assert.equal(await house.app.seen.next(), 'ping are you');
    });

    it('is pinged by the app, and answers', async () => {
      const party = await enter();
      party.send('ping me');
      assert.deepEqual(await party.heard.take(2), ['ping are you there', 'text you said pong are you there']);
    });

    it('closes with a code and a reason that the app gets, and gets them back', async () => {
      const party = await enter();
      party.socket.close(4321, 'enough');
      assert.equal(await house.app.seen.next(), 'close 4321 enough');
      assert.equal(await party.next(), 'close 4321 enough');
    });

    it('closes without a code', async () => {
      const party = await enter();
      party.socket.close();
      // An origin's own WebSocket is closed as the client's is: with the code that says nothing.
      const bare = name.endsWith('speaks WebSocket') ? 'close 1000' : 'close';
      assert.equal(await house.app.seen.next(), bare);
      assert.equal(await party.next(), 'close 1000');
    });

    it('is closed by the app with a code and a reason', async () => {
      const party = await enter();
      party.send('bye');
      assert.equal(await party.next(), 'close 4001 bye then');
      assert.deepEqual(await house.app.seen.take(2), ['text bye', 'close 4001 bye then']);
    });

    it('leaves without a word, and the app hears of it', async () => {
      const party = await enter();
      party.socket.terminate();
      assert.equal(await house.app.seen.next(), 'DISCONNECT');
    });

    it('gets what is published, and nothing more once it is closed by a publisher', async () => {
      const party = await enter();
      const { grip } = house;
      await grip.publish(ROOM, { 'ws-message': 'news' });
      await grip.publish(ROOM, { 'ws-message': Buffer.from([1, 2, 3]) });
      await grip.publish(ROOM, { 'ws-message': { type: 'ping', content: 'alive?' } });
      await grip.publish(ROOM, { 'ws-message': { action: 'close', code: 4002, reason: 'see you' } });
      const after = await grip.publish(ROOM, { 'ws-message': 'too late' });
      assert.equal(after.matched, 0);
      assert.deepEqual(await party.heard.take(4), [
        'text news',
        'binary 010203',
        'ping alive?',
        'close 4002 see you',
      ]);
    });

    it('sees why it is not let in', async () => {
      const { status, headers, body } = await WsParty.refused(`${house.url}${FORBIDDEN.path}`);
      assert.deepEqual(
        [status, headers['x-reason'], body],
        [FORBIDDEN.status, FORBIDDEN.reason, FORBIDDEN.body],
      );
    });
  });
}
