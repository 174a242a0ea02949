import assert from 'node:assert/strict';
import { eventsOrigin, obliging } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

describe('a SockJS client whose origin fails', () => {
  const stage = useStage();

  async function serve(): Promise<ProxyServer> {
    const origin = await eventsOrigin(stage(), (text) =>
      text.startsWith('TEXT') ? { status: 500 } : obliging(text),
    );
    const target = { url: origin.url, overHttp: true };
    const server = await stage().proxy({ target, sockjs: '/sockjs' });
    server.proxy.attach(server.server);
    return server;
  }

  async function post(server: ProxyServer, path: string, body = ''): Promise<string> {
    const client = await stage().client(server);
    client.request(`POST /sockjs/000/s/${path}`, [], body);
    const reply = await client.reply();
    client.destroy();
    return reply.body.toString();
  }

  it('is told with its next poll', async () => {
    const server = await serve();
    assert.equal(await post(server, 'xhr'), 'o\n');
    await post(server, 'xhr_send', '["hello"]');
    await eventually(() => server.proxy.stats().sessions === 0, 'no session');
    assert.equal(await post(server, 'xhr'), 'c[1011,"Connection closed"]\n');
  });

  it('is told in its WebSocket, which is closed with 1011', async () => {
    const client = await WsClient.open(stage(), await serve(), '/sockjs/000/s/websocket');
    client.text('["hello"]');
    await client.closed();
    assert.deepEqual(client.received, ['text o', 'text c[1011,"Connection closed"]', 'close 1011']);
  });
});
