import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useInteropStage } from '../../../test/interop/support/interop-stage.js';
import { WsParty } from '../../../test/interop/support/ws-party.js';

describe('history in an Express app', () => {
  const stage = useInteropStage();

  async function start() {
    const grip = stage().grip(gripProxy({ history: { channels: ['room'] } }));
    const app = express();
    app.use(grip);
    app.get('/events', (_req, res) => {
      res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'room' }).type('text/event-stream').send(':\n\n');
    });
    app.post('/chat', (req, res) => {
      const ws = req.grip.wsContext;
      if (ws?.isOpening()) {
        ws.accept();
        const { last } = req.query;
        ws.subscribe('room', { lastId: typeof last === 'string' ? last : null });
      }
      res.end();
    });
    const site = await stage().serve(app);
    grip.attach(site.server);
    for (const id of ['1', '2', '3']) {
      await grip.publish('room', { 'http-stream': `id: ${id}\ndata: ${id}\n\n`, 'ws-message': id }, { id });
    }
    return { grip, port: site.port };
  }

  it('sends a WebSocket what its handler asks for', async () => {
    const { grip, port } = await start();
    const back = await WsParty.open(stage(), `ws://127.0.0.1:${port}/chat?last=1`);
    const lost = await WsParty.open(stage(), `ws://127.0.0.1:${port}/chat?last=0`);
    const fresh = await WsParty.open(stage(), `ws://127.0.0.1:${port}/chat`);
    for (const text of ['2', '3']) assert.equal(await back.next(), `text ${text}`);
    assert.equal(await lost.next(), 'text {"type":"gap","channel":"room","last-id":"0"}');
    await grip.publish('room', { 'ws-message': '4' }, { id: '4' });
    for (const party of [back, lost, fresh]) assert.equal(await party.next(), 'text 4');
  });

  it('sends a browser what it says to have missed', async () => {
    const { port } = await start();
    const controller = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/events`, {
      headers: { 'Last-Event-ID': '1' },
      signal: controller.signal,
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true });
      if (text.includes('data: 3\n\n')) break;
    }
    controller.abort();
    assert.equal(text, ':\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
  });
});
