import { createServer, type RequestListener } from 'node:http';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import express from 'express';
import Koa from 'koa';
import { listen, ready, settings } from './site.js';

/** An app, and whether P-8 is in it. */
interface Settings {
  readonly framework: 'express' | 'koa';
  /** `none`: the app alone. `wrap`: in front of the framework. */
  readonly grip: 'none' | 'use' | 'wrap';
  /** An origin elsewhere; without it the app answers `/small` itself. */
  readonly originPort?: number;
}

const { framework, grip, originPort } = settings<Settings>();
const options = originPort === undefined ? {} : { target: `http://127.0.0.1:${originPort}` };
const BODY = '.'.repeat(100);

ready({ port: await listen(createServer(framework === 'express' ? expressListener() : koaListener())) });

function expressListener(): RequestListener {
  const app = express();
  const proxy = grip === 'none' ? undefined : expressGrip(options);
  if (proxy !== undefined && grip === 'use') app.use(proxy);
  app.get('/small', (_req, res) => {
    res.type('text/plain').send(BODY);
  });
  return proxy !== undefined && grip === 'wrap' ? proxy.wrap(app) : app;
}

function koaListener(): RequestListener {
  const app = new Koa();
  const proxy = grip === 'none' ? undefined : koaGrip(options);
  if (proxy !== undefined) app.use(proxy);
  app.use((ctx) => {
    if (ctx.path === '/small') ctx.body = BODY;
  });
  return app.callback();
}
