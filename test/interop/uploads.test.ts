import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GripProxy } from '@p-8/core';
import * as expressAdapter from '@p-8/express';
import * as koaAdapter from '@p-8/koa';
import express from 'express';
import Koa from 'koa';
import { P8Server } from 'p-8';
import { useStage } from '../support/stage.js';
import { runPython, skipWithoutPython } from './support/python.js';

const KEY = { key: 'secret', maxBodySize: 1000 };

/** Where a proxy and its control API are. */
interface Place {
  readonly url: string;
  readonly control: string;
  close(): unknown;
}

async function serve(listener: RequestListener, close: () => unknown): Promise<Place> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    control: `${url}/grip`,
    async close() {
      await close();
      server.close().closeAllConnections();
    },
  };
}

/** The ways in which a proxy stands before an origin. */
const WAYS: Readonly<Record<string, (target: { url: string; overHttp: boolean }) => Promise<Place>>> = {
  async 'the p-8 command'(target) {
    const server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0 }],
      control: { port: 0, ...KEY },
      routes: [{ target }],
    });
    await server.start();
    return { url: server.urls[0] ?? '', control: server.controlUrl ?? '', close: () => server.close() };
  },
  'an Express app'(target) {
    const grip = expressAdapter.gripProxy({ target });
    return serve(express().use('/grip', grip.controlApi(KEY)).use(grip), () => grip.close());
  },
  'a Koa app'(target) {
    const grip = koaAdapter.gripProxy({ target });
    const app = new Koa().use(grip.controlApi({ ...KEY, path: '/grip' })).use(grip);
    return serve(app.callback(), () => grip.close());
  },
  'a server of Node'(target) {
    const proxy = new GripProxy({ target });
    const control = proxy.controlApi({ ...KEY, path: '/grip' });
    const listener: RequestListener = (req, res) => control(req, res, () => proxy.handle(req, res));
    return serve(listener, () => proxy.close());
  },
};

for (const [name, build] of Object.entries(WAYS)) {
  describe(`urllib of Python, before ${name}`, function () {
    this.timeout(60_000);
    const stage = useStage();

    before(async function () {
      await skipWithoutPython(this);
    });

    it('is told why its uploads are refused, though it reads nothing before it has sent all', async () => {
      const origin = await stage().rawOrigin((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlong', () =>
            socket.destroy(),
          );
        });
      });
      const place = await build({ url: origin.url, overHttp: true });
      stage().onClose(() => place.close());
      assert.deepEqual(await runPython('uploads.py', `${place.url} ${place.control}`), {
        'an origin that answers early and closes': [413, 'long'],
        events: [403, 'Client not allowed to send WebSocket events directly.\n'],
        'a publisher without a key': [401, 'Authorization required.\n'],
        'too much to publish': [413, 'Request body too large.\n'],
        'items by chunks': [411, 'Request requires Content-Length.\n'],
      });
    });
  });
}
