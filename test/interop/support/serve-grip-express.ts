import { WebSocketMessageFormat } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import express, { type Express, type RequestHandler } from 'express';
import type { MakeApp } from './app-houses.js';
import { CHANNEL_NAME, count } from './serve-grip-counter.js';

/**
 * The examples express-http and express-ws of @fanoutio/serve-grip, in one app: (c) Fanout, Inc. and Fastly, Inc., MIT. Theirs
 * is all below `/api`, but for the keys in `grip`. `mount`: what the app uses before.
 */
export const expressServeGrip: MakeApp<Express> = (grip, mount = () => {}) => {
  const app = express();
  // It takes a client that is lost for an error, which Express would print.
  app.set('env', 'test');
  mount(app);

  const serveGripMiddleware = new ServeGrip({ grip });

  // Its types are Node's, and Express's are made from those.
  app.use(serveGripMiddleware as unknown as RequestHandler);

  app.get('/api/stream', async (req, res) => {
    if (req.grip?.isProxied) {
      const gripInstruct = res.grip?.startInstruct();
      gripInstruct?.addChannel(CHANNEL_NAME);
      gripInstruct?.setHoldStream();

      res.setHeader('Content-Type', 'text/plain');
      res.end('[stream open]\n');
    } else {
      res.setHeader('Content-Type', 'text/plain');
      res.end('[not proxied]\n');
    }
  });

  app.post('/api/publish', express.text({ type: '*/*' }), async (req, res) => {
    const data = req.body;

    const publisher = serveGripMiddleware.getPublisher();
    await publisher.publishHttpStream(CHANNEL_NAME, `${data}\n`);

    res.setHeader('Content-Type', 'text/plain');
    res.end('Ok\n');
  });

  // Websocket-over-HTTP is translated to HTTP POST
  app.post('/api/websocket', async (req, res) => {
    const wsContext = req.grip?.wsContext;
    if (wsContext == null) {
      res.statusCode = 400;
      res.end('[not a websocket request]\n');
      return;
    }

    // If this is a new connection, accept it and subscribe it to a channel
    if (wsContext.isOpening()) {
      wsContext.accept();
      wsContext.subscribe(CHANNEL_NAME);
    }

    while (wsContext.canRecv()) {
      const message = wsContext.recv();

      if (message == null) {
        // If return value is undefined then connection is closed
        wsContext.close();
        break;
      }

      // Echo the message
      wsContext.send(message);
    }

    res.end();
  });

  app.post('/api/broadcast', express.text({ type: '*/*' }), async (req, res) => {
    const publisher = serveGripMiddleware.getPublisher();
    await publisher.publishFormats(CHANNEL_NAME, new WebSocketMessageFormat(req.body));

    res.setHeader('Content-Type', 'text/plain');
    res.end('Ok\n');
  });

  app.get('/more/poll', (_req, res) => {
    const gripInstruct = res.grip?.startInstruct();
    gripInstruct?.addChannel(CHANNEL_NAME);
    gripInstruct?.setHoldLongPoll(30);
    res.type('text').send('[nothing yet]\n');
  });

  app.post('/more/answer', express.text({ type: '*/*' }), async (req, res) => {
    await serveGripMiddleware.getPublisher().publishHttpResponse(CHANNEL_NAME, req.body);
    res.send('Ok\n');
  });

  app.post('/more/counter', (req, res) => {
    res.status(count(req.grip?.wsContext, req.get('authorization'))).end();
  });

  app.post('/more/sends-nothing', (req, res) => {
    res.status(count(req.grip?.wsContext, 'secret')).send('');
  });

  return app;
};
