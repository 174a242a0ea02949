import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { eventually } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

const CLIENTS = 500;

describe(`${CLIENTS} streams that are cut at once`, function () {
  this.timeout(60_000);
  const stage = useStage();

  async function connect(server: ProxyServer): Promise<RawClient[]> {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => stage().client(server)));
    for (const client of clients) client.request('GET /');
    await eventually(
      () => server.proxy.stats().sessions === CLIENTS,
      () => `${CLIENTS} holds: ${JSON.stringify(server.proxy.stats())}`,
    );
    return clients;
  }

  it('are held again when they come back at once, and get the next item once', async () => {
    const origin = await stage().origin((res) => hold(res, 'stream', 'ch', { body: '[open]' }));
    const server = await stage().proxy({ target: origin.url });
    const sockets = new Set<Socket>();
    server.server.on('connection', (socket: Socket) => sockets.add(socket));
    const before = await connect(server);
    for (const socket of sockets) socket.destroy();
    await Promise.all(before.map((client) => client.closed()));
    await eventually(() => server.proxy.stats().sessions === 0, 'no hold');

    const clients = await connect(server);
    assert.equal((await server.proxy.publish('ch', { 'http-stream': '[item]' })).delivered, CLIENTS);
    assert.equal((await server.proxy.publish('ch', { 'http-stream': '[last]' })).delivered, CLIENTS);
    for (const client of clients) {
      const { body } = await client.bodyWith('[last]');
      assert.equal(String(body), '[open][item][last]');
    }
    assert.equal(origin.requests.length, 2 * CLIENTS);
  });
});
