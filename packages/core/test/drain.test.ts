import assert from 'node:assert/strict';
import { answerEvents, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type Origin } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

describe('a proxy that drains', () => {
  const stage = useStage();
  const clock = new ManualClock();

  let origin: Origin;

  /** A proxy whose origin holds what is asked for: `/poll`, `/stream`, and WebSockets elsewhere. */
  async function open(): Promise<ProxyServer> {
    origin = await stage().origin((res, seen) => {
      if (seen.url === '/plain') res.end('plain');
      else if (seen.url === '/slow') res.write('begun');
      else if (seen.url === '/poll') hold(res, 'response', 'ch', { body: 'nothing' });
      else if (seen.url === '/stream') hold(res, 'stream', 'ch', { body: '[open]' });
      else res.req.on('end', () => answerEvents(res, obliging(seen.body.toString('latin1'))));
    });
    const server = await stage().proxy({ target: { url: origin.url, overHttp: true }, clock });
    server.proxy.attach(server.server);
    return server;
  }

  async function ask(server: ProxyServer, path: string): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(`GET ${path}`);
    return client;
  }

  async function askMany(server: ProxyServer, path: string, count: number): Promise<RawClient[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => ask(server, path)));
    await eventually(() => server.proxy.stats().sessions === count, `${count} holds`);
    return clients;
  }

  it('ends what is held one after the other, evenly over the window', async () => {
    const server = await open();
    const clients = await askMany(server, '/stream', 100);
    const closed = server.proxy.close({ drainSeconds: 10 });
    for (const [seconds, left] of [
      [1, 90],
      [4, 50],
      [4, 10],
      [1, 0],
    ] as const) {
      for (let step = 0; step < seconds * 20; step++) clock.advance(50);
      assert.equal(server.proxy.stats().sessions, left);
    }
    await closed;
    for (const client of clients) {
      const { body, complete } = await client.reply();
      assert.deepEqual([String(body), complete], ['[open]', true]);
    }
  });

  it('answers long-polls with their time-out response, and closes WebSockets with 1012', async () => {
    const server = await open();
    const poll = await ask(server, '/poll');
    const socket = await WsClient.open(stage(), server);
    await eventually(() => server.proxy.stats().sessions === 2, 'two holds');
    const closed = server.proxy.close({ drainSeconds: 1 });
    for (let step = 0; step < 20; step++) clock.advance(50);
    assert.equal(String((await poll.reply()).body), 'nothing');
    assert.equal(await socket.next(), 'close 1012');
    socket.close(1012);
    await closed;
  });

  it('delivers items until the last client has been told to go', async () => {
    const server = await open();
    const clients = await askMany(server, '/stream', 2);
    const closed = server.proxy.close({ drainSeconds: 10 });
    for (let step = 0; step < 20; step++) clock.advance(50);
    const receipt = await server.proxy.publish('ch', { 'http-stream': 'late' });
    assert.equal(receipt.delivered, 1);
    for (let step = 0; step < 180; step++) clock.advance(50);
    await closed;
    const bodies = await Promise.all(clients.map(async (client) => String((await client.reply()).body)));
    assert.deepEqual(bodies.sort(), ['[open]', '[open]late']);
    await assert.rejects(server.proxy.publish('ch', { 'http-stream': 'x' }), { code: 'GRIP_ERR_CLOSED' });
  });

  it('gives clients that come meanwhile what there is, and holds none', async () => {
    const server = await open();
    await askMany(server, '/stream', 1);
    assert.equal(server.proxy.isReady(), true);
    const closed = server.proxy.close({ drainSeconds: 10 });
    assert.equal(server.proxy.isReady(), false);
    const plain = await ask(server, '/plain');
    assert.equal(String((await plain.reply()).body), 'plain');
    const poll = await ask(server, '/poll');
    assert.equal(String((await poll.reply()).body), 'nothing');
    const stream = await ask(server, '/stream');
    const { body, complete } = await stream.reply();
    assert.deepEqual([String(body), complete], ['[open]', true]);
    const socket = await WsClient.ask(stage(), server);
    assert.equal((await socket.raw.reply()).status, 503);
    assert.equal(server.proxy.stats().sessions, 1);
    for (let step = 0; step < 200; step++) clock.advance(50);
    await closed;
  });

  it('lets requests under way come to their end', async () => {
    const server = await open();
    const slow = await ask(server, '/slow');
    await slow.bodyWith('begun');
    let over = false;
    const closed = server.proxy.close({ drainSeconds: 10 }).then(() => {
      over = true;
    });
    await settle();
    assert.equal(over, false);
    (await origin.request(0)).res.end(', done');
    assert.equal(String((await slow.reply()).body), 'begun, done');
    await closed;
  });

  it('is done at once where nothing is held', async () => {
    const server = await open();
    await server.proxy.close({ drainSeconds: 1000 });
    assert.equal(server.held, 0);
  });

  it('hurries when it is closed once more', async () => {
    const server = await open();
    const clients = await askMany(server, '/poll', 3);
    const closed = server.proxy.close({ drainSeconds: 1000 });
    assert.equal(server.proxy.stats().sessions, 3);
    await server.proxy.close();
    await closed;
    for (const client of clients) assert.equal(String((await client.reply()).body), 'nothing');
  });

  it('ends a stream after the content that is being sent, not in the middle of it', async () => {
    origin = await stage().origin((res, seen) => {
      if (seen.url === '/next')
        res.writeHead(200, ['Grip-Hold', 'stream', 'Grip-Channel', 'ch']).write('data: half');
      else hold(res, 'stream', 'ch', { body: '[open]', fields: ['Grip-Link: </next>; rel=next'] });
    });
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await ask(server, '/stream');
    await eventually(() => server.proxy.holds().length === 1, 'a hold');
    await server.proxy.publish('ch', { 'http-stream': { action: 'hint' } });
    await client.bodyWith('data: half');
    const closed = server.proxy.close({ drainSeconds: 1 });
    for (let step = 0; step < 30; step++) clock.advance(50);
    await settle();
    (await origin.request(1)).res.end(' and whole\n\n');
    await closed;
    const { body, complete } = await client.reply();
    assert.deepEqual([String(body), complete], ['[open]data: half and whole\n\n', true]);
  });

  it('does not wait for ever for an origin that does not answer', async () => {
    origin = await stage().origin(() => {});
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await ask(server, '/');
    await origin.request();
    await server.proxy.close({ drainSeconds: 0.01 });
    assert((await client.reply()).status >= 500);
  });
});
