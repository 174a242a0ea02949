import http, { type RequestListener, type Server } from 'node:http';
import { type GripMembers, GripProxy, type GripProxyOptions, gripMembers } from '@p-8/core';
import { gripProxy as expressProxy } from '@p-8/express';
import { gripProxy as koaProxy } from '@p-8/koa';
import express from 'express';
import Koa from 'koa';

/** An app, and the proxy that is mounted in it. */
export interface Mounted {
  readonly grip: GripMembers;
  readonly listener: RequestListener;
}

type Mount = (options: GripProxyOptions, handler: RequestListener) => Mounted;

function koaOf(handler: RequestListener): Koa.Middleware {
  return (ctx) => {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    handler(ctx.req, ctx.res);
  };
}

function express_(options: GripProxyOptions, handler: RequestListener): Mounted {
  const grip = expressProxy(options);
  return { grip, listener: express().use(grip).use(handler) };
}

function koa(options: GripProxyOptions, handler: RequestListener): Mounted {
  const grip = koaProxy(options);
  return { grip, listener: new Koa().use(grip).use(koaOf(handler)).callback() };
}

function plain(options: GripProxyOptions, handler: RequestListener): Mounted {
  const proxy = new GripProxy(options);
  return {
    grip: gripMembers(proxy),
    listener: (req, res) => proxy.handle(req, res, () => handler(req, res)),
  };
}

/** The ways to mount a proxy in the app that is its origin. */
export const IN_PROCESS: Readonly<Record<string, Mount>> = {
  Express: express_,
  Koa: koa,
  'plain Node': plain,
  'wrap of Express': (options, handler) => {
    const grip = expressProxy(options);
    return { grip, listener: grip.wrap(express().use(handler)) };
  },
  'wrap of Koa': (options, handler) => {
    const grip = koaProxy(options);
    return { grip, listener: grip.wrap(new Koa().use(koaOf(handler))) };
  },
};

/** The ways to mount a proxy for another server; `handler` gets what no route takes. */
export const REMOTE: Readonly<Record<string, Mount>> = {
  'target in Express': express_,
  'target in Koa': koa,
  'target in plain Node': plain,
};

/** A server for a listener, on a free port. */
export async function listen(listener: RequestListener): Promise<Server> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}
