import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFrontServer } from '../src/net/front-server.js';
import { Connection } from './support/connection.js';

/** Milliseconds. */
const HEAD_TIMEOUT = 100;

/** Milliseconds in which a server with that time-out has given up a head: it looks once a second. */
const SOON = 5000;

describe('a port for clients', () => {
  let server: Server;
  let url: string;

  beforeEach(async () => {
    server = createFrontServer((_req, res) => res.end('hello'), { headTimeout: HEAD_TIMEOUT });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const half = 'GET / HTTP/1.1\r\nHost: a\r\n';
  const heads: [what: string, bytes: string][] = [
    ['half a head', half],
    ['nothing', ''],
    ['half of a further head', `${half}\r\nGET / HTTP/1.1\r\n`],
  ];
  for (const [what, bytes] of heads) {
    it(`gives up a connection that has sent ${what} soon after the time for it`, async () => {
      const before = performance.now();
      const connection = new Connection(url).send(bytes);
      assert.match(await connection.end(), /HTTP\/1\.1 408 Request Timeout\r\n/);
      const ms = performance.now() - before;
      assert(ms >= HEAD_TIMEOUT && ms < SOON, `after ${ms} ms`);
    });
  }
});
