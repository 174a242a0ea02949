import assert from 'node:assert/strict';
import http from 'node:http';
import { Reply } from '../support/apps/reply.js';
import { eventually } from '../support/eventually.js';
import { type AppHouse, EXPRESS_HOUSES, KOA_HOUSES } from './support/app-houses.js';
import { type InteropStage, useInteropStage } from './support/interop-stage.js';
import { CHANNEL_NAME } from './support/serve-grip-counter.js';
import { expressServeGrip } from './support/serve-grip-express.js';
import { koaServeGrip } from './support/serve-grip-koa.js';
import { type OpenOptions, WsParty } from './support/ws-party.js';

interface Way {
  readonly name: string;
  /** The proxy is part of the app. */
  readonly inApp: boolean;
  readonly build: (stage: InteropStage) => Promise<AppHouse>;
}

const WAYS: readonly Way[] = [
  ...Object.entries(EXPRESS_HOUSES).map(([name, build]) => ({
    name: `Express, ${name}`,
    inApp: name.endsWith('same app'),
    build: (stage: InteropStage) => build(stage, expressServeGrip),
  })),
  ...Object.entries(KOA_HOUSES).map(([name, build]) => ({
    name: `Koa, ${name}`,
    inApp: name.endsWith('same app'),
    build: (stage: InteropStage) => build(stage, koaServeGrip),
  })),
];

for (const { name, inApp, build } of WAYS) {
  describe(`serve-grip in ${name}`, () => {
    const stage = useInteropStage();
    let house: AppHouse;

    beforeEach(async () => {
      house = await build(stage());
    });

    const open = (path: string, options?: OpenOptions): Promise<WsParty> =>
      WsParty.open(stage(), house.url.replace('http', 'ws') + path, options);

    const get = (path: string): Promise<Reply> =>
      new Promise((resolve, reject) => {
        const request = http.get(house.url + path, { agent: false }, (message) =>
          resolve(new Reply(message)),
        );
        request.on('error', reject);
        stage().onLeave(() => request.destroy());
      });

    const post = async (path: string, body: string): Promise<string> => {
      const headers = { 'Content-Type': 'text/plain' };
      return (await fetch(house.url + path, { method: 'POST', body, headers })).text();
    };

    const subscribed = (count: number): Promise<void> =>
      eventually(() => house.subscribers(CHANNEL_NAME) === count, `${count} subscribers`);

    it("echoes and broadcasts, as its WebSocket example's README says", async () => {
      const party = await open('/api/websocket');
      party.send('any text');
      assert.equal(await party.next(), 'text any text');
      assert.equal(await post('/api/broadcast', 'foo'), 'Ok\n');
      assert.equal(await party.next(), 'text foo');
    });

    it('broadcasts to all who are there, and closes those who close', async () => {
      const parties = [
        await open('/api/websocket'),
        await open('/api/websocket'),
        await open('/api/websocket'),
      ] as const;
      await post('/api/broadcast', 'one');
      for (const party of parties) assert.equal(await party.next(), 'text one');
      parties[1].socket.close(4567, 'enough');
      // Its close() gives the code 0, which nobody may send.
      assert.equal(await parties[1].next(), 'close 1000');
      await subscribed(2);
      await post('/api/broadcast', 'two');
      for (const party of [parties[0], parties[2]]) assert.equal(await party.next(), 'text two');
    });

    it("streams, as its HTTP example's README says", async () => {
      const stream = await get('/api/stream');
      assert.equal(stream.headers['content-type'], 'text/plain');
      await stream.until((text) => text === '[stream open]\n');
      assert.equal(await post('/api/publish', 'foo'), 'Ok\n');
      await stream.until((text) => text === '[stream open]\nfoo\n');
    });

    it('answers a long-poll', async () => {
      const response = get('/more/poll');
      await subscribed(1);
      assert.equal(await post('/more/answer', 'something'), 'Ok\n');
      assert.equal(await (await response).whole(), 'something');
    });

    it('says so to who is no WebSocket', async () => {
      assert.equal(await post('/api/websocket', 'hello'), '[not a websocket request]\n');
    });

    it('lets in whom it likes', async () => {
      const url = `${house.url.replace('http', 'ws')}/more/counter`;
      assert.equal((await WsParty.refused(url)).status, 401);
      assert.equal((await WsParty.refused(`${url}/nowhere`)).status, 404);
    });

    it('has its meta remembered, and its control messages obeyed', async () => {
      const party = await open('/more/counter', { headers: { Authorization: 'secret' } });
      const say = async (message: string): Promise<string> => {
        party.send(message);
        return party.next();
      };
      assert.equal(await say('hello'), 'text 1: hello');
      party.send(Buffer.from([1, 2, 255]));
      assert.equal(await party.next(), 'binary 0102ff');
      assert.equal(await say('subscribe'), 'text 3: subscribe');
      await post('/api/broadcast', 'foo');
      assert.equal(await party.next(), 'text foo');
      assert.equal(await say('unsubscribe'), 'text 4: unsubscribe');
      await post('/api/broadcast', 'not to be heard');
      assert.equal(await say('leave'), 'text 5: leave');
      assert.equal(await party.next(), 'close 4000');
    });

    it('detaches from a client, which stays subscribed', async () => {
      const party = await open('/more/counter', { headers: { Authorization: 'secret' } });
      for (const message of ['subscribe', 'detach']) party.send(message);
      assert.deepEqual(await party.heard.take(2), ['text 1: subscribe', 'text 2: detach']);
      party.send('nobody listens');
      await post('/api/broadcast', 'foo');
      assert.equal(await party.next(), 'text foo');
      party.socket.close(1000);
      assert.equal(await party.next(), 'close 1000');
    });

    // In front of another server the wrong Content-Length is on the wire, and nobody can tell where the response ends.
    if (!inApp) return;
    it('may answer with an empty body of which the framework tells the length', async () => {
      const party = await open('/more/sends-nothing');
      party.send('hello');
      assert.equal(await party.next(), 'text 1: hello');
      party.socket.close(4321);
      assert.equal(await party.next(), 'close 4321');
    });
  });
}
