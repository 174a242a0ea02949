import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useInteropStage } from '../../../test/interop/support/interop-stage.js';
import { WsParty } from '../../../test/interop/support/ws-party.js';
import { subscribed } from '../../../test/support/apps/watch.js';

describe('a filter that an Express app answers itself', () => {
  const stage = useInteropStage();

  async function start() {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    const seen: unknown[] = [];
    app.get('/rooms/:mode', (req, res) => {
      res.set({
        'Grip-Hold': req.params.mode,
        'Grip-Channel': 'room; filter=http-modify',
        'Grip-Set-Meta': `url=filter, user=${req.query.user}`,
      });
      res.send('[');
    });
    app.post('/rooms/filter', express.text({ type: () => true }), (req, res) => {
      const { user } = JSON.parse(req.get('sub-meta') ?? '{}');
      seen.push([req.get('host'), req.ip, req.get('grip-sig') !== undefined]);
      if (user === 'mallory') res.set('Action', 'drop').end();
      else res.type('text').send(`${user}: ${req.body}`);
    });
    app.post('/rooms/chat', (req, res) => {
      const ws = req.grip.wsContext;
      if (ws?.isOpening()) {
        ws.accept();
        ws.subscribe('room', ['http-modify']);
        for (const [name, value] of Object.entries({ url: 'filter', user: 'carol' }))
          ws.sendControl(JSON.stringify({ type: 'set-meta', name, value }));
      }
      res.end();
    });
    const site = await stage().serve(app);
    grip.attach(site.server);
    return { grip, site, seen };
  }

  it('changes what each client gets, and keeps it from some', async () => {
    const { grip, site, seen } = await start();
    const alice = await site.get('/rooms/stream?user=alice');
    const mallory = await site.get('/rooms/stream?user=mallory');
    const bob = site.call('/rooms/response?user=bob');
    const carol = await WsParty.open(stage(), `ws://127.0.0.1:${site.port}/rooms/chat`);
    await subscribed(grip, 'room', 4);
    const formats = { 'http-stream': 'hi', 'http-response': 'hi', 'ws-message': 'hi' };
    assert.equal((await grip.publish('room', formats)).queued, 4);
    await alice.until((text) => text === '[alice: hi');
    assert.equal(await (await bob.reply).whole(), 'bob: hi');
    assert.equal(await carol.next(), 'text carol: hi');
    assert.equal((await grip.publish('room', { 'http-stream': { action: 'close' } })).queued, 2);
    assert.equal(await alice.whole(), '[alice: hi');
    assert.deepEqual(seen[0], [`127.0.0.1:${site.port}`, '127.0.0.1', true]);
    mallory.leave();
    carol.socket.terminate();
  });
});
