import { gripProxy } from '@p-8/express';
import createApp from 'express';
import { inProcessSystem, remoteSystem } from './p8-systems.js';
import type { System } from './system.js';

/** P-8 as middleware of an Express app that is the origin. */
export const express: System = inProcessSystem('express', (options, origin) => {
  const grip = gripProxy(options);
  const app = createApp().disable('x-powered-by');
  app.use(grip);
  app.use((req, res) => {
    void origin.take(req, req.originalUrl).then((exchange) => origin.play(exchange, res));
  });
  return { proxy: grip.proxy, listener: app };
});

/** P-8 as middleware of an Express app in front of an origin elsewhere. */
export const expressRemote: System = remoteSystem('express-remote', (options) => {
  const grip = gripProxy(options);
  const app = createApp().disable('x-powered-by');
  app.use(grip);
  app.use((_req, res) => {
    res.status(404).setHeader('Content-Type', 'text/plain').end('from the app');
  });
  return { proxy: grip.proxy, listener: app };
});
