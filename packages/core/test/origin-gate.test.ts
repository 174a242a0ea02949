import assert from 'node:assert/strict';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const MAX = 3;

describe('what asks one origin for what held clients lack', () => {
  const stage = useStage();
  let clock: ManualClock;
  let origin: Origin;
  let server: ProxyServer;
  let clients: RawClient[];
  /** Connections of clients that are gone. */
  let closed: number;

  /** Clients that are held by long-polls; asked again, the origin says nothing at first. */
  async function held(count: number): Promise<void> {
    clock = new ManualClock();
    origin = await stage().origin((res, seen) => {
      if (seen.headers['grip-last'] === undefined) hold(res, 'response', 'ch; prev-id=1');
    });
    server = await stage().proxy({ target: origin.url, recoveriesPerOrigin: MAX, clock });
    closed = 0;
    server.server.on('connection', (socket) => socket.once('close', () => closed++));
    clients = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const client = await stage().client(server);
        client.request(`GET /${i}`);
        return client;
      }),
    );
    await eventually(() => server.proxy.stats().sessions === count, 'all held');
  }

  async function loseAnItem(): Promise<void> {
    await server.proxy.publish('ch', { 'http-response': '3' }, { id: '3', 'prev-id': '2' });
    clock.advance(100);
    await settle(40);
  }

  const again = (): Origin['requests'] =>
    origin.requests.filter(({ headers }) => headers['grip-last'] !== undefined);

  it('is so many requests at a time; the others have their turn when one is answered', async () => {
    await held(8);
    await loseAnItem();
    assert.equal(again().length, MAX);
    for (let answered = 0; answered < 8; answered++) {
      await eventually(() => again().length > answered, 'the next one');
      const request = again()[answered];
      if (request !== undefined) respond(request.res, { body: 'answer' });
      await eventually(() => again().length === Math.min(8, answered + 1 + MAX), 'one more');
    }
    for (const client of clients) assert.equal(String((await client.reply()).body), 'answer');
    await eventually(() => server.proxy.stats().timers === 0, 'nothing left');
  });

  it('has its turn when one of them fails', async () => {
    await held(MAX + 1);
    await loseAnItem();
    again()[0]?.res.socket?.resetAndDestroy();
    await eventually(() => again().length === MAX + 1, 'the last one');
  });

  it('has its turn when a client leaves that has asked, or does not ask when its client has left', async () => {
    await held(MAX + 2);
    await loseAnItem();
    const asked = new Set(again().map(({ url }) => url));
    const waiting = clients.findIndex((_, i) => !asked.has(`/${i}`));
    clients[waiting]?.reset();
    const asking = clients.findIndex((_, i) => asked.has(`/${i}`));
    await eventually(() => closed === 1, 'the end of its connection');
    clients[asking]?.reset();
    await eventually(() => again().length === MAX + 1, 'the last one');
    assert(!again().some(({ url }) => url === `/${waiting}`));
  });

  it('is not kept waiting for ever by requests that an origin does not answer', async () => {
    await held(MAX + 1);
    await loseAnItem();
    clock.advance(9_900);
    await settle(40);
    assert.equal(again().length, MAX);
    clock.advance(100);
    await eventually(() => again().length === MAX + 1, 'the last one');
  });

  it('does not bound what clients ask by themselves', async () => {
    await held(MAX + 1);
    await loseAnItem();
    const client = await stage().client(server);
    client.request('GET /another');
    await eventually(() => origin.requests.some(({ url }) => url === '/another'), 'a request');
  });

  it('is bounded for next links in the same way, and equal ones count once', async () => {
    clock = new ManualClock();
    origin = await stage().origin((res, seen) => {
      const fields = [`Grip-Link: <${seen.url}/next>; rel=next`];
      if (!seen.url.endsWith('next')) hold(res, 'stream', 'ch; prev-id=1', { fields, body: '[' });
    });
    server = await stage().proxy({ target: origin.url, recoveriesPerOrigin: MAX, clock });
    clients = [];
    for (const path of ['/a', '/a', '/a', '/a', '/b', '/c', '/d', '/e']) {
      const client = await stage().client(server);
      client.request(`GET ${path}`);
      await client.bodyWith('[');
      clients.push(client);
    }
    await eventually(() => server.proxy.hub.subscriberCount('ch') === clients.length, 'all held');
    await server.proxy.publish('ch', { 'http-stream': '3' }, { id: '3', 'prev-id': '2' });
    clock.advance(100);
    await settle(40);
    const links = (): string[] => again().map(({ url }) => url);
    assert.deepEqual(links(), ['/a/next', '/b/next', '/c/next']);
    again()[0]?.res.end('end');
    for (const client of clients.slice(0, 4)) assert.equal(String((await client.reply()).body), '[end');
    await eventually(() => links().length === 4, 'the next link');
    assert.equal(links()[3], '/d/next');
  });
});
