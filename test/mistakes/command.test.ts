import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@p-8/core';
import { P8Server } from 'p-8';
import { WebSocket } from 'ws';
import { NotedWarnings } from './support/noted-warnings.js';
import { listen } from './support/ways.js';

describe('a mistake of an origin behind p-8', () => {
  const closing: (() => unknown)[] = [];
  let log: string[];

  beforeEach(() => {
    log = [];
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Starts `p-8` in front of an origin; gives where clients connect. */
  async function start(handler: RequestListener, overHttp = true): Promise<string> {
    const origin: Server = await listen(handler);
    closing.push(() => {
      origin.closeAllConnections();
      origin.close();
    });
    const note = (fields: object, message: string): void => {
      const { code } = fields as { readonly code?: string };
      if (code?.startsWith('P8_')) log.push(`${code} ${message}`);
    };
    const logger: Logger = { error: note, warn: note, info: note, debug: note };
    const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const server = new P8Server({
      listen: [{ port: 0 }],
      control: { port: 0 },
      routes: [{ target: { url, overHttp } }],
      logger,
    });
    closing.push(() => server.close());
    await server.start();
    return `http://127.0.0.1:${new URL(server.urls[0] ?? '').port}`;
  }

  /** The status that a WebSocket is refused with. */
  async function knock(url: string): Promise<number | undefined> {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    socket.terminate();
    return response.statusCode;
  }

  it('is in the log once, and the process is not told', async () => {
    const warnings = new NotedWarnings();
    closing.push(() => warnings.stop());
    const url = await start((_req, res) => void res.setHeader('Grip-Hold', 'stream').end('[open]\n'));
    for (let i = 0; i < 2; i++) {
      const leaving = new AbortController();
      await fetch(url, { signal: leaving.signal });
      leaving.abort();
    }
    assert.equal(log.length, 1);
    assert.match(log[0] ?? '', /^P8_NO_CHANNEL .*Grip-Channel/);
    assert.deepEqual(await warnings.all(), []);
  });

  it('is a WebSocket that nobody accepts, or has no handler', async () => {
    await knock(await start((_req, res) => void res.end('hello')));
    await knock(await start((_req, res) => void res.writeHead(404).end()));
    assert.deepEqual(
      log.map((line) => line.split(' ')[0]),
      ['P8_NOT_ACCEPTED', 'P8_NO_HANDLER'],
    );
  });

  it('is a route without over_http', async () => {
    assert.equal(await knock(await start((_req, res) => void res.writeHead(404).end(), false)), 404);
    assert.match(log.join(), /^P8_NO_OVER_HTTP .*over_http/);
  });
});
