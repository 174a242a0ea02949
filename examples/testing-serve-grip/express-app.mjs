// The examples of @fanoutio/serve-grip for Express, in one app. It knows nothing of its tests: they import it, and put a
// GRIP proxy in front of it.

import { HttpResponseFormat, HttpStreamFormat, WebSocketMessageFormat } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import express from 'express';

/**
 * A new app.
 * @param {import('@fanoutio/serve-grip').IServeGripConfig} [config] for ServeGrip
 */
export function createApp(config = {}) {
  const { grip = process.env.GRIP_URL ?? 'http://localhost:5561/', prefix = '' } = config;
  const app = express();
  const serveGrip = new ServeGrip({ ...config, grip });
  app.use(serveGrip);

  app.get('/path', (req, res) => {
    res.type('text/plain');
    if (!req.grip.isProxied) {
      res.end('[not proxied]\n');
      return;
    }
    const gripInstruct = res.grip.startInstruct();
    gripInstruct.addChannel('test');
    gripInstruct.setHoldStream();
    gripInstruct.setKeepAlive('[still here]\n', 20);
    res.end('[stream open]\n');
  });

  app.get('/poll', (_req, res) => {
    const gripInstruct = res.grip.startInstruct();
    gripInstruct.addChannel('test');
    gripInstruct.setHoldLongPoll(30);
    res.type('text/plain').end('[nothing new]\n');
  });

  app.post('/publish', express.text(), async (req, res) => {
    const line = `${req.body}\n`;
    const formats = [new HttpStreamFormat(line), new HttpResponseFormat({ body: line })];
    try {
      await serveGrip.getPublisher().publishFormats('test', formats);
      res.end('Ok\n');
    } catch {
      res.status(502).end('[not published]\n');
    }
  });

  app.post('/chat', async (req, res) => {
    const { wsContext } = req.grip;
    if (wsContext === null) {
      res.status(400).end('[not a WebSocket request]\n');
      return;
    }
    if (wsContext.isOpening()) {
      wsContext.accept();
      // ServeGrip puts its prefix before the channels of streams and publishers, and not before these.
      wsContext.subscribe(`${prefix}chat`);
      wsContext.send('welcome');
    }
    try {
      while (wsContext.canRecv()) {
        const message = wsContext.recv();
        if (message === null) {
          wsContext.close(wsContext.closeCode);
          break;
        }
        await serveGrip.getPublisher().publishFormats('chat', new WebSocketMessageFormat(message));
      }
      res.end();
    } catch {
      // The client has gone without a word: nobody is there to be answered.
      res.end();
    }
  });

  return app;
}
