import assert from 'node:assert/strict';
import { Publisher, WebSocketMessageFormat } from '@fanoutio/grip';
import express, { type Express } from 'express';
import { pushpin } from '../conformance/systems/pushpin.js';
import { eventually } from '../support/eventually.js';
import { type AppHouse, type BuildAppHouse, EXPRESS_HOUSES, type MakeApp } from './support/app-houses.js';
import { EventsApp, FORBIDDEN, ROOM, WELCOME } from './support/events-app.js';
import { expressEvents } from './support/houses.js';
import { type InteropStage, useInteropStage } from './support/interop-stage.js';
import { behindPushpin } from './support/pushpin-house.js';
import { CHANNEL_NAME } from './support/serve-grip-counter.js';
import { expressServeGrip } from './support/serve-grip-express.js';
import { WsParty } from './support/ws-party.js';

const byHand: MakeApp<Express> = (_grip, mount = () => {}) => {
  const app = express();
  mount(app);
  return app.use(expressEvents(new EventsApp()));
};

/** An app, what its clients do, and what they hear wherever it lives. */
interface Tenant {
  readonly make: MakeApp<Express>;
  readonly visit: (stage: InteropStage, house: AppHouse) => Promise<string[]>;
  readonly heard: readonly string[];
}

/** Never more than a few messages at once: the reference's WebSockets stall after more. */
const TENANTS: Readonly<Record<string, Tenant>> = {
  'that writes events by hand': {
    make: byHand,
    visit: visitByHand,
    heard: [
      'chat.v2, visit=1; Path=/',
      'text hello',
      'binary 0001ff',
      'pong are you',
      'ping are you there',
      'text you said pong are you there',
      'text {"cookie":"a=b"}',
      'text news',
      'binary 010203',
      'close 4002',
      'close 4321 enough',
      'close 4001 bye then',
      '403 no-member members only\n',
    ],
  },
  'that uses serve-grip': {
    make: expressServeGrip,
    visit: visitServeGrip,
    heard: [
      'text any text',
      'text foo',
      'text 1: hello',
      'binary 0102ff',
      'text 3: subscribe',
      'text bar',
      'text bar',
      'text 4: unsubscribe',
      'text 5: leave',
      'close 4000',
      '401',
    ],
  },
};

const HOUSES: Readonly<Record<string, BuildAppHouse<Express>>> = {
  ...EXPRESS_HOUSES,
  'behind Pushpin 1.36': behindPushpin,
};

for (const [what, { make, visit, heard }] of Object.entries(TENANTS)) {
  describe(`clients of an Express app ${what}`, function () {
    this.timeout(60_000);
    const stage = useInteropStage();

    for (const [where, build] of Object.entries(HOUSES)) {
      it(`hear the same ${where}`, async function () {
        if (build === behindPushpin && !pushpin.available()) this.skip();
        assert.deepEqual(await visit(stage(), await build(stage(), make)), heard);
      });
    }
  });
}

async function visitByHand(stage: InteropStage, { url, grip, subscribers }: AppHouse): Promise<string[]> {
  const publisher = new Publisher(grip);
  const room = `${url.replace('http', 'ws')}/room`;
  const options = { protocols: ['chat.v1', WELCOME.protocol], headers: { Cookie: 'a=b' } };
  const one = await WsParty.open(stage, room, options);
  one.send('hello');
  one.send(Buffer.from([0, 1, 255]));
  const lines = [`${one.socket.protocol}, ${one.headers['set-cookie']}`, ...(await one.heard.take(2))];
  one.socket.ping('are you');
  lines.push(await one.next());
  one.send('ping me');
  lines.push(...(await one.heard.take(2)));
  one.send('who');
  lines.push(await one.next());
  await eventually(() => subscribers(ROOM) > 0, 'a subscription');
  await publisher.publishFormats(ROOM, new WebSocketMessageFormat('news'));
  await publisher.publishFormats(ROOM, new WebSocketMessageFormat(Buffer.from([1, 2, 3])));
  lines.push(...(await one.heard.take(2)));
  await publisher.publishFormats(ROOM, new WebSocketMessageFormat(null, true, 4002));
  lines.push(await one.next());
  const two = await WsParty.open(stage, room);
  two.socket.close(4321, 'enough');
  const three = await WsParty.open(stage, room);
  three.send('bye');
  const { status, headers, body } = await WsParty.refused(url.replace('http', 'ws') + FORBIDDEN.path);
  return [...lines, await two.next(), await three.next(), `${status} ${headers['x-reason']} ${body}`];
}

async function visitServeGrip(stage: InteropStage, { url, subscribers }: AppHouse): Promise<string[]> {
  const base = url.replace('http', 'ws');
  const broadcast = (body: string): Promise<unknown> =>
    fetch(`${url}/api/broadcast`, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });
  const one = await WsParty.open(stage, `${base}/api/websocket`);
  one.send('any text');
  const lines = [await one.next()];
  await eventually(() => subscribers(CHANNEL_NAME) === 1, 'a subscription');
  await broadcast('foo');
  lines.push(await one.next());
  const two = await WsParty.open(stage, `${base}/more/counter`, { headers: { Authorization: 'secret' } });
  for (const message of ['hello', Buffer.from([1, 2, 255]), 'subscribe']) {
    two.send(message);
    lines.push(await two.next());
  }
  await eventually(() => subscribers(CHANNEL_NAME) === 2, 'another subscription');
  await broadcast('bar');
  lines.push(await one.next(), await two.next());
  for (const message of ['unsubscribe', 'leave']) {
    two.send(message);
    lines.push(await two.next());
  }
  const { status } = await WsParty.refused(`${base}/more/counter`);
  return [...lines, await two.next(), String(status)];
}
