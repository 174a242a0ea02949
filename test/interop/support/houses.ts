import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type GripMembers, GripProxy, type GripProxyOptions, gripMembers } from '@p-8/core';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import express, { type Express } from 'express';
import Koa from 'koa';
import { Site } from '../../support/apps/site.js';
import { EventsApp } from './events-app.js';
import type { InteropStage } from './interop-stage.js';
import { serveWs } from './ws-origin.js';

/** A proxy and an app, put together in one of the ways that there are. */
export interface House {
  /** `ws://127.0.0.1:1234` */
  readonly url: string;
  readonly grip: GripMembers;
  readonly app: Pick<EventsApp, 'seen'>;
}

/** Puts a proxy with `options` and an {@link EventsApp} together. */
export type BuildHouse = (stage: InteropStage, options?: GripProxyOptions) => Promise<House>;

/** All ways, by their names. */
export const HOUSES: Readonly<Record<string, BuildHouse>> = {
  'an Express app': async (stage, options) => {
    const grip = stage.grip(expressGrip(options));
    const events = new EventsApp();
    const { server, url } = await stage.serve(express().use(grip).use(expressEvents(events)));
    grip.attach(server);
    return { url: toWs(url), grip, app: events };
  },
  'a Koa app': async (stage, options) => {
    const grip = stage.grip(koaGrip(options));
    const events = new EventsApp();
    const app = new Koa().use(grip).use(async (ctx) => {
      const { status, headers, body } = events.answer(ctx.url, ctx.headers, await buffer(ctx.req));
      ctx.status = status;
      ctx.set(headers);
      ctx.body = body;
    });
    const { server, url } = await stage.serve(app.callback());
    grip.attach(server);
    return { url: toWs(url), grip, app: events };
  },
  'a remote origin over HTTP': async (stage, options) => {
    const events = new EventsApp();
    const origin = await stage.serve(plainListener(events));
    return {
      ...(await front(stage, { ...options, target: { url: origin.url, overHttp: true } })),
      app: events,
    };
  },
  'a remote origin that speaks WebSocket': async (stage, options) => {
    const events = new EventsApp();
    const server = http.createServer();
    serveWs(server, events);
    const origin = await Site.of(server);
    stage.onClose(() => origin.close());
    return { ...(await front(stage, { ...options, target: origin.url })), app: events };
  },
};

/** An Express app that answers events, on any path. */
export function expressEvents(events: EventsApp): Express {
  const type = 'application/websocket-events';
  return express().post('/{*path}', express.raw({ type, limit: '4mb' }), (req, res) => {
    const body: unknown = req.body;
    const answer = events.answer(req.url, req.headers, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    res.status(answer.status).set(answer.headers).send(answer.body);
  });
}

/** The same without a framework. */
function plainListener(events: EventsApp): RequestListener {
  return async (req: IncomingMessage, res: ServerResponse) => {
    const { status, headers, body } = events.answer(req.url ?? '', req.headers, await buffer(req));
    res.writeHead(status, headers).end(body);
  };
}

/** A plain Node server whose requests all go to a proxy. */
async function front(stage: InteropStage, options: GripProxyOptions): Promise<Omit<House, 'app'>> {
  const proxy = new GripProxy(options);
  const grip = stage.grip(gripMembers(proxy));
  const { server, url } = await stage.serve((req, res) => proxy.handle(req, res));
  grip.attach(server);
  return { url: toWs(url), grip };
}

function toWs(url: string): string {
  return url.replace(/^http/, 'ws');
}
