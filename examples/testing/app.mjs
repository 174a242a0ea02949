// An app that pushes, to be tested.

import { gripProxy } from '@p-8/express';
import express from 'express';

/** A new app. */
export function createApp() {
  const app = express();
  const grip = gripProxy();
  app.use(grip);

  app.get('/news', (_req, res) => {
    res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).type('text/plain').send('[open]\n');
  });

  app.get('/next', (_req, res) => {
    res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news', 'Grip-Timeout': '25' });
    res.type('text/plain').send('[nothing new]\n');
  });

  app.post('/news', express.text(), async (req, res) => {
    const line = `${req.body}\n`;
    res.json(await grip.publish('news', { 'http-stream': line, 'http-response': line }));
  });

  app.post('/chat', async (req, res) => {
    const ws = req.grip.wsContext;
    if (ws === null) return res.status(400).send('This is for WebSockets.\n');
    if (ws.isOpening()) {
      ws.accept();
      ws.subscribe('chat');
    }
    while (ws.canRecv() && !ws.disconnected) {
      const message = ws.recv();
      if (message === null) ws.close(ws.closeCode);
      else await grip.publish('chat', { 'ws-message': message });
    }
    res.end();
  });

  return app;
}
