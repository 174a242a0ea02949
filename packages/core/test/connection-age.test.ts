import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Origin, OriginHandler } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { Connector } from '../src/upstream/connector.js';
import { OriginPool } from '../src/upstream/origin-pool.js';
import { askPool, REMOTE, upstreamServices } from './support/upstream-services.js';

const MINUTE = 60_000;

describe('a connection to an origin', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;
  let client: RawClient;
  let replies: number;

  async function start(handler: OriginHandler, options: GripProxyOptions = {}): Promise<void> {
    clock = new ManualClock();
    origin = await stage().origin(handler);
    // As origins do that are kept for long.
    origin.server.keepAliveTimeout = 600_000;
    server = await stage().proxy({ target: origin.url, clock, ...options });
    client = await stage().client(server);
    replies = 0;
  }

  async function ask(): Promise<string> {
    client.request('GET /');
    const body = String((await client.reply(replies++)).body);
    return body;
  }

  /** Connections that are open at the origin. */
  function open(): Promise<number> {
    return new Promise((resolve, reject) => {
      origin.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async function untilOpen(count: number): Promise<void> {
    let now = -1;
    await eventually(
      () => {
        void open().then((value) => {
          now = value;
        });
        return now === count;
      },
      () => `${now} connections, not ${count}`,
    );
  }

  it('takes requests for a minute, then another one is made', async () => {
    await start((res) => res.end('answer'));
    await ask();
    clock.advance(MINUTE - 1);
    assert.equal(await ask(), 'answer');
    assert.equal(origin.connections, 1);
    clock.advance(1);
    assert.equal(await ask(), 'answer');
    assert.equal(origin.connections, 2);
    await untilOpen(1);
    clock.advance(MINUTE - 1);
    await ask();
    assert.equal(origin.connections, 2);
  });

  it('stays for as long as it takes where the option is 0', async () => {
    await start((res) => res.end('answer'), { connectionMaxAge: 0 });
    await ask();
    clock.advance(100 * MINUTE);
    assert.equal(await ask(), 'answer');
    assert.equal(origin.connections, 1);
  });

  it('is closed when its response is over, where it has become too old meanwhile', async () => {
    await start((res) => res.write('begun, '));
    client.request('GET /');
    await client.bodyWith('begun, ');
    clock.advance(10 * MINUTE);
    await settle();
    assert.equal(await open(), 1);
    (await origin.request(0)).res.end('done');
    assert.equal(String((await client.reply()).body), 'begun, done');
    await untilOpen(0);
  });

  it('that nobody uses is closed before it is much older', async () => {
    await start((res) => res.end('answer'), { connectionMaxAge: 50 });
    await ask();
    await untilOpen(0);
  });

  it('does not follow the time of day', async () => {
    await start((res) => res.end('answer'));
    await ask();
    clock.setForward(60 * MINUTE);
    await ask();
    clock.setForward(-120 * MINUTE);
    await ask();
    assert.equal(origin.connections, 1);
    clock.advance(MINUTE);
    await ask();
    assert.equal(origin.connections, 2);
  });

  it('costs no request when it is closed, whenever that is', async () => {
    await start((res, seen) => res.end(seen.url));
    const clients = await Promise.all(Array.from({ length: 20 }, () => stage().client(server)));
    for (let round = 0; round < 8; round++) {
      for (const [index, one] of clients.entries()) one.request(`POST /${round}-${index}`, [], 'body');
      clock.advance(MINUTE / 2);
      const bodies = await Promise.all(clients.map(async (one) => String((await one.reply(round)).body)));
      assert.deepEqual(
        bodies,
        clients.map((_, index) => `/${round}-${index}`),
      );
    }
    assert.equal(origin.requests.length, 160);
    assert(origin.connections > 40, `${origin.connections} connections`);
  });

  it('leads to where the name leads by then', async () => {
    const here = await stage().origin((res) => res.end('here'));
    const there = await stage().origin((res) => res.end('there'));
    for (const one of [here, there]) one.server.keepAliveTimeout = 600_000;
    let at = here;
    clock = new ManualClock();
    // A resolver's part: the name stays, and what it stands for does not.
    const services = upstreamServices({ connectionMaxAge: MINUTE }, clock);
    const connector = (port: number): Connector =>
      new Connector({ ...REMOTE, url: `http://127.0.0.1:${port}` });
    const pool = new OriginPool(
      {
        name: 'moving.test',
        responseTimeout: 0,
        mayBeStale: true,
        serverNameOf: () => undefined,
        open: (connection) => {
          return connector(at.port).open(undefined, (_error, socket) => {
            assert(socket !== undefined);
            socket.on('data', (chunk: Buffer) => connection.read(chunk));
            connection.connected(socket);
          });
        },
      },
      services,
    );
    stage().onClose(() => pool.close());
    const get = (): Promise<string> => askPool(pool);
    assert.equal(await get(), 'here');
    at = there;
    await settle();
    assert.equal(await get(), 'here');
    clock.advance(MINUTE);
    await settle();
    assert.equal(await get(), 'there');
  });
});
