import assert from 'node:assert/strict';
import { useStage } from '../../../test/support/stage.js';
import type { BenchOptions } from './support/web-socket-bench.js';
import { KINDS, WebSocketParty } from './support/web-socket-party.js';

const HISTORY = { channels: ['room', 'p-*'] };

function gap(channel: string, lastId: string): string {
  return `text {"type":"gap","channel":"${channel}","last-id":"${lastId}"}`;
}

for (const kind of KINDS) {
  describe(`a WebSocket that comes back, ${kind}`, () => {
    const stage = useStage();

    /** A client whose origin has not subscribed it yet, and channels with these items. */
    async function start(ids: readonly string[], options: BenchOptions = {}): Promise<WebSocketParty> {
      const proxy = { history: HISTORY, ...options.proxy };
      const party = await WebSocketParty.start(stage(), kind, 'grip', { ...options, proxy });
      for (const id of ids) await publish(party, id);
      return party;
    }

    function publish(party: WebSocketParty, id: string, more = {}, channel = 'room'): Promise<unknown> {
      return party.proxy.publish(channel, { 'ws-message': id }, { id, ...more });
    }

    it('gets what it has missed, and then what is published', async () => {
      const party = await start(['1', '2', '3']);
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      await publish(party, '4');
      assert.deepEqual(await party.arrived(), ['text 2', 'text 3', 'text 4']);
      assert.equal(party.proxy.historyStats().gaps, 0);
    });

    it('gets nothing where its origin does not ask', async () => {
      const party = await start(['1', '2']);
      await party.control({ type: 'subscribe', channel: 'room' });
      await party.control({ type: 'subscribe', channel: 'p-1', 'last-id': '' });
      assert.deepEqual(await party.arrived(), []);
    });

    it('is told of a gap where the id is not known', async () => {
      const party = await start(['1', '2']);
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '0' });
      await publish(party, '3');
      assert.deepEqual(await party.arrived(), [gap('room', '0'), 'text 3']);
    });

    it('is told of a gap where the channel is not kept', async () => {
      const party = await start([]);
      await party.control({ type: 'subscribe', channel: 'other', 'last-id': '5' });
      assert.deepEqual(await party.arrived(), [gap('other', '5')]);
    });

    it('is told of a gap where nothing is kept', async () => {
      const party = await WebSocketParty.start(stage(), kind);
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '5' });
      assert.deepEqual(await party.arrived(), [gap('room', '5')]);
    });

    it('is told of a gap where it has missed more than may wait for it', async () => {
      const party = await start(['1'], { proxy: { sessionQueueBytes: 100 } });
      for (const id of ['x'.repeat(60), 'y'.repeat(60)]) await publish(party, id);
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      assert.deepEqual(await party.arrived(), [gap('room', '1')]);
    });

    it('gets it through its filters', async () => {
      const party = await start(['1']);
      await publish(party, '2', { meta: { sender: 'ann' } });
      await publish(party, '3', { meta: { sender: 'bob' } });
      await party.control({ type: 'set-meta', name: 'user', value: 'ann' });
      await party.control({ type: 'subscribe', channel: 'room', filters: ['skip-self'], 'last-id': '1' });
      assert.deepEqual(await party.arrived(), ['text 3']);
    });

    it('gets messages, and not what was done to the clients of then', async () => {
      const party = await start(['1']);
      const act = (formats: object, id: string) => party.proxy.publish('room', formats, { id });
      await act({ 'ws-message': { action: 'close' } }, '2');
      await act({ 'ws-message': { action: 'refresh' } }, '3');
      await act({ 'http-stream': 'x' }, '4');
      await act({ 'ws-message': { type: 'binary', content: 'hi' } }, '5');
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      assert.deepEqual(await party.arrived(), ['binary 6869']);
    });

    it('gets what is published by whoever hears of its subscription once', async () => {
      const party = await start(['1', '2']);
      party.proxy.once('subscribe', () => void publish(party, '3'));
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      assert.deepEqual(await party.arrived(), ['text 2', 'text 3']);
    });

    it('gets it also where it is subscribed already', async () => {
      const party = await start(['1', '2']);
      await party.control({ type: 'subscribe', channel: 'room' });
      await publish(party, '3');
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      assert.deepEqual(await party.arrived(), ['text 3', 'text 2', 'text 3']);
    });

    it('gets that of the channel with the route’s prefix', async () => {
      const party = await start([], { proxy: { prefix: 'p-' } });
      for (const id of ['1', '2']) await publish(party, id, {}, 'p-room');
      await party.control({ type: 'subscribe', channel: 'room', 'last-id': '1' });
      await party.control({ type: 'subscribe', channel: 'den', 'last-id': '1' });
      assert.deepEqual(await party.arrived(), ['text 2', gap('den', '1')]);
    });
  });
}
