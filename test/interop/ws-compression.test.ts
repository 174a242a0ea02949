import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { ROOM } from './support/events-app.js';
import { HOUSES } from './support/houses.js';
import { useInteropStage } from './support/interop-stage.js';
import { WsParty } from './support/ws-party.js';

/** Compresses to nearly nothing. */
const LONG = 'all work and no play '.repeat(5000);
const FEW_BYTES = 5000;

for (const [name, build] of Object.entries(HOUSES)) {
  describe(`ws as a client of ${name}, with compression`, () => {
    const stage = useInteropStage();

    it('has its messages carried compressed, both ways', async () => {
      const { url } = await build(stage(), { compression: true });
      const party = await WsParty.open(stage(), `${url}/ws`, { perMessageDeflate: true });
      assert.match(party.socket.extensions, /permessage-deflate/);
      const { bytesRead, bytesWritten } = party.connection;
      for (let round = 0; round < 3; round++) {
        party.send(LONG);
        assert((await party.next()) === `text ${LONG}`);
      }
      party.send('short');
      assert.equal(await party.next(), 'text short');
      const { connection } = party;
      assert(connection.bytesRead - bytesRead < FEW_BYTES, `${connection.bytesRead - bytesRead} bytes came`);
      assert(connection.bytesWritten - bytesWritten < FEW_BYTES);
    });

    it('gets what is published compressed, and others get it as it is', async () => {
      const { url, grip } = await build(stage(), { compression: true });
      const party = await WsParty.open(stage(), `${url}/ws`, { perMessageDeflate: true });
      const plain = await WsParty.open(stage(), `${url}/ws`);
      await eventually(() => grip.hub.subscriberCount(ROOM) === 2, 'two subscriptions');
      const before = [party.connection.bytesRead, plain.connection.bytesRead] as const;
      await grip.publish(ROOM, { 'ws-message': LONG });
      await grip.publish(ROOM, { 'ws-message': { type: 'ping', content: 'alive?' } });
      for (const one of [party, plain]) {
        assert((await one.next()) === `text ${LONG}`);
        assert.equal(await one.next(), 'ping alive?');
      }
      assert(party.connection.bytesRead - before[0] < FEW_BYTES);
      assert(plain.connection.bytesRead - before[1] > LONG.length);
    });

    it('is not let inflate more than a message may have', async () => {
      const { url, app } = await build(stage(), { compression: true, maxMessageBytes: 50_000 });
      const party = await WsParty.open(stage(), `${url}/ws`, { perMessageDeflate: true });
      assert.equal(await app.seen.next(), 'OPEN');
      party.send(LONG);
      assert.equal(await party.next(), 'close 1009');
      assert.equal(await app.seen.next(), 'DISCONNECT');
    });

    it('goes without where the proxy does not compress', async () => {
      const { url } = await build(stage());
      const party = await WsParty.open(stage(), `${url}/ws`, { perMessageDeflate: true });
      assert.equal(party.socket.extensions, '');
      party.send(LONG);
      assert((await party.next()) === `text ${LONG}`);
    });
  });
}
