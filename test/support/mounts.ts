import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { GripProxy, type GripProxyOptions, type RouteOptions, type TargetOptions } from '@p-8/core';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import express from 'express';
import Koa from 'koa';
import { P8Server } from 'p-8';
import type { Stage } from './stage.js';

/** What a proxy is put in front of, and how. */
export interface MountParts {
  /** The app; a server of its own where the mount is a remote one. */
  readonly listener: RequestListener;
  readonly options?: GripProxyOptions;
  /** Options of the route and of its target, where there is one: an app in the same process has none. */
  readonly route?: Omit<RouteOptions, 'target'>;
  readonly target?: Partial<TargetOptions>;
  /** Gets handshakes at the remote origin. */
  readonly onUpgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A proxy that clients can connect to. */
export interface Mounted {
  readonly proxy: GripProxy;
  readonly port: number;
  close(): Promise<void>;
}

/** A way of mounting a proxy. */
export interface Mount {
  readonly name: string;
  /** Whether the origin is a server of its own; or else the app in the same process. */
  readonly isRemote: boolean;
  open(stage: Stage, parts: MountParts): Promise<Mounted>;
}

/** All ways. */
export const MOUNTS: readonly Mount[] = [
  inProcess('an Express app', (options, listener) => {
    const grip = expressGrip(options);
    return { proxy: grip.proxy, listener: express().use(grip).use(listener) };
  }),
  inProcess('a Koa app', (options, listener) => {
    const grip = koaGrip(options);
    const app = new Koa().use(grip).use((ctx) => {
      ctx.respond = false;
      ctx.res.statusCode = 200;
      listener(ctx.req, ctx.res);
    });
    app.silent = true;
    return { proxy: grip.proxy, listener: app.callback() };
  }),
  inProcess('an app that is wrapped', (options, listener) => {
    const proxy = new GripProxy(options);
    return { proxy, listener: proxy.wrap(listener) };
  }),
  remote('a target of an Express app', (options) => {
    const grip = expressGrip(options);
    return serve({ proxy: grip.proxy, listener: express().use(grip) });
  }),
  remote('a target of a Koa app', (options) => {
    const grip = koaGrip(options);
    const app = new Koa().use(grip);
    app.silent = true;
    return serve({ proxy: grip.proxy, listener: app.callback() });
  }),
  remote('a target of plain Node', (options) => {
    const proxy = new GripProxy(options);
    return serve({ proxy, listener: (req, res) => proxy.handle(req, res) });
  }),
  remote('a target of the standalone server', async ({ routes = [], sigKey = 'secret', ...proxy }) => {
    const listen = [{ host: '127.0.0.1', port: 0 }];
    const server = new P8Server({ listen, control: false, routes, proxy: { ...proxy, sigKey } });
    await server.start();
    const port = Number(new URL(server.urls[0] ?? '').port);
    return { proxy: server.proxy, port, close: () => server.close() };
  }),
];

/** A proxy, and what a server calls. */
interface Listening {
  readonly proxy: GripProxy;
  readonly listener: RequestListener;
}

function inProcess(
  name: string,
  make: (options: GripProxyOptions, listener: RequestListener) => Listening,
): Mount {
  return {
    name,
    isRemote: false,
    open: async (stage, { listener, options = {} }) => stage.mounted(await serve(make(options, listener))),
  };
}

function remote(name: string, open: (options: GripProxyOptions) => Promise<Mounted>): Mount {
  return {
    name,
    isRemote: true,
    async open(stage, { listener, options = {}, route = {}, target = {}, onUpgrade }) {
      const server = http.createServer(listener);
      if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      stage.onClose(() => {
        server.close();
        server.closeAllConnections();
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const routes = [{ ...route, target: { overHttp: onUpgrade === undefined, ...target, url } }];
      return stage.mounted(await open({ ...options, routes }));
    },
  };
}

/** Serves on a free port, WebSockets included. */
async function serve({ proxy, listener }: Listening): Promise<Mounted> {
  const server = http.createServer(listener);
  proxy.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    proxy,
    port,
    async close() {
      await proxy.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
