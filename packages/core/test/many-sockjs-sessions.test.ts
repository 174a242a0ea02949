import assert from 'node:assert/strict';
import http, { type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventsOrigin } from '../../../test/support/events-origin.js';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { useStage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';

const SESSIONS = 1000;
const NOTHING = { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 };

describe(`${SESSIONS} SockJS sessions`, function () {
  this.timeout(60_000);
  const stage = useStage();
  const clock = new ManualClock();

  async function start(): Promise<ProxyServer> {
    const { url } = await eventsOrigin(stage());
    const routes = [{ target: { url, overHttp: true }, sockjs: '/sockjs' }];
    const server = await stage().proxy({ clock, routes, pingInterval: 0 });
    server.proxy.attach(server.server);
    return server;
  }

  /** Waits until nothing stays of them. */
  async function leavesNothing({ proxy }: ProxyServer, pending: number): Promise<void> {
    const state = (): string => `nothing held: ${JSON.stringify(proxy.stats())}`;
    await eventually(() => JSON.stringify(proxy.stats()) === JSON.stringify(NOTHING), state);
    assert.equal(clock.pending, pending);
  }

  it('by polls that do not come back leave nothing behind', async () => {
    const pending = clock.pending;
    const server = await start();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
    stage().onClose(() => agent.destroy());
    const open = async (i: number): Promise<string> => {
      const path = `/sockjs/000/session-${i}/xhr`;
      const request = http.request({ agent, port: server.port, host: '127.0.0.1', method: 'POST', path });
      request.end();
      const response = await new Promise<IncomingMessage>((resolve, reject) =>
        request.on('response', resolve).on('error', reject),
      );
      return await text(response);
    };
    const opened = await Promise.all(Array.from({ length: SESSIONS }, (_, i) => open(i)));
    assert.deepEqual([...new Set(opened)], ['o\n']);
    assert.equal(server.proxy.stats().sessions, SESSIONS);
    clock.advance(5000);
    await leavesNothing(server, pending);
  });

  it('by WebSockets that are cut leave nothing behind', async () => {
    const pending = clock.pending;
    const server = await start();
    const clients = await Promise.all(
      Array.from({ length: SESSIONS }, (_, i) =>
        WsClient.open(stage(), server, i % 2 === 0 ? '/sockjs/websocket' : `/sockjs/000/s${i}/websocket`),
      ),
    );
    assert.equal(server.proxy.stats().sessions, SESSIONS);
    for (const client of clients) client.destroy();
    await leavesNothing(server, pending);
  });
});
