import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gripProxy } from '@p-8/express';
import express from 'express';
import helmet from 'helmet';
import { useStage } from '../../../test/support/apps/stage.js';
import { subscribed } from '../../../test/support/apps/watch.js';

describe('an Express app that serves uploads', () => {
  const stage = useStage();
  const upload = JSON.stringify({
    hold: { mode: 'stream', channels: [{ name: 'secret' }] },
    response: { headers: { 'Content-Type': 'text/html' }, body: '<script>alert(1)</script>' },
  });
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'p-8-uploads-'));
    await writeFile(path.join(directory, 'file.grip'), upload);
  });
  afterEach(() => rm(directory, { recursive: true }));

  const files = () =>
    express.static(directory, {
      setHeaders: (res) => res.setHeader('Content-Type', 'application/grip-instruct'),
    });

  for (const wrapped of [false, true]) {
    it(`gives whoever opens one the file, with the app's own headers${wrapped ? ', wrapped' : ''}`, async () => {
      const grip = stage().grip(gripProxy());
      const app = express().use(helmet());
      if (!wrapped) app.use(grip);
      app.use(files());
      const site = await stage().serve(wrapped ? grip.wrap(app) : app);
      const reply = await site.get('/file.grip');
      assert.equal(await reply.whole(), upload);
      assert.equal(reply.headers['content-type'], 'application/grip-instruct');
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.match(String(reply.headers['content-security-policy']), /default-src 'self'/);
      assert.equal(grip.stats().sessions, 0);
    });
  }

  it('has them taken for instructs where it says so', async () => {
    const grip = stage().grip(gripProxy({ jsonInstructs: true }));
    const site = await stage().serve(express().use(grip, files()));
    const stream = await site.get('/file.grip');
    assert.equal(await stream.until((text) => text.includes('alert')), '<script>alert(1)</script>');
    await subscribed(grip, 'secret');
  });
});
