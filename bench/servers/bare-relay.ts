import { createServer, type RequestListener } from 'node:http';
import express from 'express';
import Koa from 'koa';
import { BareProxy } from './bare-proxy.js';
import { listen, ready, settings } from './site.js';

/** What the relay is mounted in. */
interface Settings {
  readonly originPort: number;
  readonly framework: 'none' | 'express' | 'koa';
}

const { originPort, framework } = settings<Settings>();
const proxy = new BareProxy(originPort);

ready({ port: await listen(createServer(listener())) });

function listener(): RequestListener {
  if (framework === 'none') return (req, res) => proxy.relay(req, res);
  if (framework === 'express') return express().use((req, res) => proxy.relay(req, res));
  const app = new Koa();
  app.use((ctx) => {
    ctx.respond = false;
    proxy.relay(ctx.req, ctx.res);
  });
  return app.callback();
}
