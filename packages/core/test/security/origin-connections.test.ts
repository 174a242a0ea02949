import assert from 'node:assert/strict';
import type { LimitFields } from '@p-8/core';
import { eventsOrigin } from '../../../../test/support/events-origin.js';
import { eventually, settle } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { hold, type Origin, onRequestHead } from '../../../../test/support/origin.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';
import { WsClient } from '../../../../test/support/ws-client.js';

describe('threat 21: more requests than an origin can take', () => {
  const stage = useStage();

  /** Clients that each ask for a path of their own: `/0`, `/1`, … */
  async function ask(to: { readonly port: number }, count: number, first = 0): Promise<RawClient[]> {
    const clients: RawClient[] = [];
    for (let i = first; i < first + count; i++) {
      const client = await stage().client(to);
      client.request(`GET /${i}`);
      clients.push(client);
    }
    return clients;
  }

  const paths = ({ requests }: Origin): string[] => requests.map(({ url }) => url).sort();

  it('wait for one of its connections, in their order', async () => {
    let open = 0;
    let most = 0;
    const origin = await stage().origin((res, { url }) => {
      most = Math.max(most, ++open);
      res.on('close', () => open--);
      setImmediate(() => res.end(url));
    });
    const server = await stage().proxy({ target: origin.url, connectionsPerOrigin: 2 });
    const clients = await ask(server, 40);
    for (const [i, client] of clients.entries()) assert.equal(String((await client.reply()).body), `/${i}`);
    assert.ok(most <= 2, `${most} at a time`);
    assert.equal(origin.connections, 2);
    assert.deepEqual(server.proxy.limits().queued, 0);
  });

  it('are refused with 503 at once where too many wait, and it is told', async () => {
    const told: LimitFields[] = [];
    const origin = await stage().origin(() => {});
    const limits = { connectionsPerOrigin: 1, queuedPerOrigin: 2 };
    const server = await stage().proxy({ target: origin.url, ...limits });
    server.proxy.on('limit', (limit, fields) => told.push({ limit, ...fields }));
    await ask(server, 1);
    await origin.request();
    await ask(server, 2, 1);
    await eventually(() => server.proxy.stats().upstreamRequests === 3, 'two wait');
    const [refused] = await ask(server, 1, 3);
    assert.equal((await refused?.reply())?.status, 503);
    const detail = 'too many requests wait for a connection';
    const from = { limit: 'queued', origin: new URL(origin.url).host, method: 'GET' };
    assert.deepEqual(told, [{ ...from, path: '/3', detail }]);
    origin.requests[0]?.res.end('first');
    await origin.request(1);
    await settle();
    assert.deepEqual(paths(origin), ['/0', '/1']);
  });

  it('are refused with 503 once they have waited for as long as for a connection', async () => {
    const clock = new ManualClock();
    const origin = await stage().origin(() => {});
    const limits = { connectionsPerOrigin: 1, connectTimeout: 1000 };
    const server = await stage().proxy({ target: origin.url, clock, ...limits });
    await ask(server, 1);
    await origin.request();
    const [early] = await ask(server, 1, 1);
    await eventually(() => server.proxy.stats().upstreamRequests === 2, 'one waits');
    clock.advance(400);
    const [late] = await ask(server, 1, 2);
    await eventually(() => server.proxy.stats().upstreamRequests === 3, 'two wait');
    clock.advance(600);
    assert.equal((await early?.reply())?.status, 503);
    await settle();
    assert.equal(late?.receivedBytes, 0);
    clock.advance(400);
    assert.equal((await late?.reply())?.status, 503);
    assert.equal(server.proxy.limits().queued, 2);
    // That of the request which the origin has not answered yet.
    assert.equal(server.proxy.stats().timers, 1);
  });

  it('leave the connection of a client that is refused to its next request', async () => {
    const origin = await stage().origin((res, { url }) => {
      if (url !== '/hanging') res.end('answer');
    });
    const server = await stage().proxy({
      target: origin.url,
      connectionsPerOrigin: 1,
      queuedPerOrigin: 0,
    });
    const hanging = await stage().client(server);
    hanging.request('GET /hanging');
    await origin.request();
    const client = await stage().client(server);
    client.request('POST /', [], 'x'.repeat(200_000));
    assert.equal((await client.reply()).status, 503);
    hanging.destroy();
    await eventually(() => server.proxy.stats().upstreamRequests === 0, 'room');
    client.request('GET /');
    assert.equal(String((await client.reply(1)).body), 'answer');
  });

  it('are not sent once their clients have left', async () => {
    const origin = await stage().origin(() => {});
    const server = await stage().proxy({ target: origin.url, connectionsPerOrigin: 1 });
    await ask(server, 1);
    await origin.request();
    const waiting = await ask(server, 20, 1);
    await eventually(() => server.proxy.stats().upstreamRequests === 21, '20 wait');
    for (const client of waiting) client.destroy();
    await eventually(() => server.proxy.stats().upstreamRequests === 1, 'none waits');
    await ask(server, 1, 21);
    origin.requests[0]?.res.end();
    await origin.request(1);
    assert.deepEqual(paths(origin), ['/0', '/21']);
  });

  it('go to the next target', async () => {
    const first = await stage().origin(() => {});
    const second = await stage().origin((res) => res.end('second'));
    const limits = { connectionsPerOrigin: 1, queuedPerOrigin: 0 };
    const server = await stage().proxy({ target: [first.url, second.url], ...limits });
    await ask(server, 1);
    await first.request();
    const [client] = await ask(server, 1, 1);
    assert.equal(String((await client?.reply())?.body), 'second');
  });

  it('let go of a connection that is still being made when their client leaves', async () => {
    // Connections that are never made: their TLS does not begin.
    const silent = await stage().rawOrigin((socket) => socket.resume());
    const target = silent.url.replace('http:', 'https:');
    const server = await stage().proxy({ target, connectionsPerOrigin: 2, queuedPerOrigin: 0 });
    for (let i = 0; i < 10; i++) {
      const [client] = await ask(server, 1, i);
      const socket = await silent.connection(i);
      client?.destroy();
      await eventually(() => server.proxy.stats().upstreamRequests === 0, 'the client gone');
      await eventually(() => socket.destroyed, 'its connection gone');
    }
  });

  it('let go of a connection however the answer ends', async () => {
    const endings = [
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx',
      'nonsense',
      '',
      'HTTP/1.1 200 OK\r\n\r\nx',
    ];
    const origin = await stage().rawOrigin((socket, count) =>
      onRequestHead(socket, () =>
        socket.end(endings[count] ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      ),
    );
    const server = await stage().proxy({ target: origin.url, connectionsPerOrigin: 1 });
    const clients = await ask(server, endings.length + 2);
    assert.equal(String((await clients.at(-1)?.reply())?.body), 'ok');
    assert.equal(server.proxy.stats().upstreamRequests, 0);
  });

  it('go behind what the proxy asks by itself', async () => {
    const origin = await stage().origin((res, { url }) => {
      if (url === '/held') hold(res, 'response', 'ch', { fields: ['Grip-Last: ch; last-id=1'] });
    });
    const server = await stage().proxy({ target: origin.url, connectionsPerOrigin: 1 });
    const held = await stage().client(server);
    held.request('GET /held');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    await ask(server, 3);
    await origin.request(1);
    await eventually(() => server.proxy.stats().upstreamRequests === 3, 'two wait');
    await server.proxy.publish('ch', { 'http-response': { action: 'hint' } });
    await eventually(() => server.proxy.stats().upstreamRequests === 4, 'the retry waits');
    origin.requests[1]?.res.end();
    assert.equal((await origin.request(2)).url, '/held');
  });

  it('of WebSockets get through in the end; handshakes are refused with 503', async () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const origin = await eventsOrigin(stage(), (text) => {
      asked.push(text);
      return text.startsWith('OPEN') ? 'OPEN\r\n' : undefined;
    });
    const limits = { connectionsPerOrigin: 1, queuedPerOrigin: 0 };
    const target = { url: origin.url, overHttp: true };
    const server = await stage().proxy({ target, clock, ...limits });
    server.proxy.attach(server.server);
    const first = await WsClient.open(stage(), server);
    const second = await WsClient.open(stage(), server);
    first.text('one');
    await eventually(() => asked.length === 3, 'the first message');
    second.text('two');
    await eventually(() => server.proxy.limits().queued === 1, 'the second one refused');
    const third = await WsClient.ask(stage(), server);
    assert.equal((await third.raw.reply()).status, 503);
    origin.requests[2]?.res.writeHead(200, { 'Content-Type': 'application/websocket-events' }).end();
    await eventually(() => server.proxy.stats().upstreamRequests === 0, 'room');
    await settle();
    clock.advance(2000);
    await eventually(() => asked.includes('TEXT 3\r\ntwo\r\n'), 'the second message');
    origin.requests[3]?.res.end();
    for (const client of [first, second]) client.destroy();
    await eventually(() => {
      clock.advance(1000);
      return server.held === 0;
    }, 'the origin told of the end');
  });

  it('end with the proxy', async () => {
    const origin = await stage().origin(() => {});
    const server = await stage().proxy({ target: origin.url, connectionsPerOrigin: 1 });
    const [first, second] = await ask(server, 2);
    await eventually(() => server.proxy.stats().upstreamRequests === 2, 'one waits');
    await server.proxy.close();
    assert.equal((await first?.reply())?.status, 502);
    assert.equal((await second?.reply())?.status, 502);
    await settle();
    assert.equal(origin.requests.length, 1);
  });
});
