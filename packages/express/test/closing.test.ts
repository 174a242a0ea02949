import assert from 'node:assert/strict';
import { gripProxy } from '@p-8/express';
import express from 'express';
import { useStage } from '../../../test/support/apps/stage.js';
import { subscribed } from '../../../test/support/apps/watch.js';

const atRest = { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 };

describe('a proxy that is closed in an Express app', () => {
  const stage = useStage();

  it('ends what it holds as the app would have it', async () => {
    const grip = stage().grip(gripProxy());
    const app = express().use(grip);
    app.get(
      '/poll',
      (_req, res) => void res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).send('nothing'),
    );
    app.get(
      '/stream',
      (_req, res) => void res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('open'),
    );
    app.get('/plain', (_req, res) => void res.send('plain'));
    const site = await stage().serve(app);
    const [poll, stream] = [site.get('/poll'), await site.get('/stream')];
    await subscribed(grip, 'news', 2);
    await grip.close();
    assert.equal(await (await poll).whole(), 'nothing');
    assert.equal(await stream.whole(), 'open');
    assert.deepEqual(grip.stats(), atRest);
    await assert.rejects(grip.publish('news', { 'http-stream': 'x' }), { code: 'GRIP_ERR_CLOSED' });
    // The app goes on.
    assert.equal(await (await site.get('/plain')).whole(), 'plain');
  });
});
