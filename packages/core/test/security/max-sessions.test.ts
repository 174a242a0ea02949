import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { eventsOrigin } from '../../../../test/support/events-origin.js';
import { eventually } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import type { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { RawClient } from '../../../../test/support/raw-client.js';
import { useStage } from '../../../../test/support/stage.js';
import { HANDSHAKE } from '../../../../test/support/ws-client.js';
import { WsOrigin } from '../../../../test/support/ws-origin.js';

describe('threat 21: more clients than a process can hold', () => {
  const stage = useStage();

  /** Asks by a connection of its own. */
  async function ask(server: ProxyServer, line: string, fields: readonly string[] = []): Promise<RawClient> {
    const client = await stage().client(server);
    client.request(line, fields);
    return client;
  }

  /** The first client is let in, the second one refused; once the first has left, the next one is let in. */
  async function fillsAndEmpties(
    server: ProxyServer,
    come: () => Promise<RawClient>,
    isIn: (client: RawClient) => Promise<unknown>,
  ): Promise<void> {
    const first = await come();
    await isIn(first);
    const second = await (await come()).reply();
    assert.equal(`${second.status} ${second.body}`, '503 Too many connections.\n');
    assert.equal(server.proxy.limits().sessions, 1);
    first.destroy();
    await eventually(() => server.held === 0, 'nothing held');
    await isIn(await come());
  }

  const isHeld = (server: ProxyServer) => (): Promise<void> =>
    eventually(() => server.proxy.stats().sessions === 1, 'a hold');
  const is101 = (client: RawClient): Promise<void> => client.tail('HTTP/1.1 101 ');

  async function holding(mode: 'response' | 'stream', body: string): Promise<ProxyServer> {
    const origin = await stage().origin((res, { url }) => {
      if (url === '/plain') res.end('plain');
      else hold(res, mode, 'ch', { body });
    });
    return await stage().proxy({ target: origin.url, maxSessions: 1 });
  }

  it('with long-polls: 503, while plain requests are answered', async () => {
    const server = await holding('response', '');
    await fillsAndEmpties(server, () => ask(server, 'GET /'), isHeld(server));
    assert.equal(String((await (await ask(server, 'GET /plain')).reply()).body), 'plain');
  });

  it('with streams: 503', async () => {
    const server = await holding('stream', '[open]');
    await fillsAndEmpties(
      server,
      () => ask(server, 'GET /'),
      (client) => client.bodyWith('[open]'),
    );
  });

  it('with streams that begin before all of their instruct is there: 503', async () => {
    const server = await holding('stream', 'x'.repeat(500_000));
    await fillsAndEmpties(
      server,
      () => ask(server, 'GET /'),
      (client) => client.bodyWith('x'.repeat(500_000)),
    );
  });

  it('with streams of an app in this process: 503', async () => {
    const server = await stage().proxy({ maxSessions: 1 });
    server.server.removeAllListeners('request');
    server.server.on(
      'request',
      server.proxy.wrap((_req, res) => hold(res, 'stream', 'ch', { body: '[open]' })),
    );
    await fillsAndEmpties(
      server,
      () => ask(server, 'GET /'),
      (client) => client.bodyWith('[open]'),
    );
  });

  async function attached(options: GripProxyOptions): Promise<ProxyServer> {
    const server = await stage().proxy({ maxSessions: 1, ...options });
    server.proxy.attach(server.server);
    return server;
  }

  it('with WebSockets over HTTP: 503 for the handshake, and the origin is not asked', async () => {
    const origin = await eventsOrigin(stage());
    const server = await attached({ target: { url: origin.url, overHttp: true } });
    await fillsAndEmpties(server, () => ask(server, 'GET /', HANDSHAKE), is101);
    assert.equal(origin.requests.filter(({ body }) => body.includes('OPEN')).length, 2);
  });

  it('with WebSockets to an origin that speaks it: 503 for the handshake', async () => {
    const origin = await WsOrigin.listen();
    stage().onClose(() => origin.close());
    const server = await attached({ target: origin.url });
    await fillsAndEmpties(server, () => ask(server, 'GET /', HANDSHAKE), is101);
  });

  it('with WebSockets that pass byte by byte: 503 for the handshake', async () => {
    const origin = await WsOrigin.listen();
    stage().onClose(() => origin.close());
    const server = await attached({ routes: [{ target: origin.url, grip: false }] });
    const [first, second] = [await ask(server, 'GET /', HANDSHAKE), await ask(server, 'GET /', HANDSHAKE)];
    await is101(first);
    assert.equal((await second.reply()).status, 503);
    first.destroy();
    for (;;) {
      const next = await ask(server, 'GET /', HANDSHAKE);
      await next.bytes('HTTP/1.1 101'.length);
      if (next.text.startsWith('HTTP/1.1 101')) break;
    }
  });

  it('with SockJS sessions of either kind: 503', async () => {
    const origin = await eventsOrigin(stage());
    const server = await attached({ target: { url: origin.url, overHttp: true }, sockjs: '/sockjs' });
    let count = 0;
    const stream = (): Promise<RawClient> =>
      ask(server, `POST /sockjs/000/s${count++}/xhr_streaming`, ['Content-Length: 0']);
    const first = await stream();
    await first.bodyWith('o\n');
    assert.equal((await (await stream()).reply()).status, 503);
    assert.equal((await (await ask(server, 'GET /sockjs/000/w/websocket', HANDSHAKE)).reply()).status, 503);
    await server.proxy.close();
  });
});
