import { once } from 'node:events';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Receipt } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { hold, Origin } from '../../../../test/support/origin.js';
import { ProxyServer } from '../../../../test/support/proxy-server.js';

/**
 * Run as a process of its own with a small heap: very many tiny items for clients that do not read, each on a channel of its own.
 */

const [clients = 0, items = 0] = process.argv.slice(2).map(Number);

const origin = await Origin.listen((res, { url }) => {
  origin.requests.length = 0;
  hold(res, 'stream', url.slice(1), { body: '[' });
});
const { proxy, port, server } = await ProxyServer.listen({ target: origin.url });

const sockets: net.Socket[] = [];
for (let i = 0; i < clients; i++) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET /ch-${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
  sockets.push(socket);
}
await eventually(() => proxy.holds().length === clients, 'all are held');
for (let i = 0; i < clients; i++) await fill(`ch-${i}`);

for (let i = 0; i < items; i++) {
  for (let k = 0; k < clients; k++) {
    await proxy.publish(`ch-${k}`, { 'http-stream': String(100_000_000 + i) });
  }
  if (i % 100 === 0) await setImmediate();
}
const { overflows } = proxy.backlog();
process.stdout.write(JSON.stringify({ overflows, heap: process.memoryUsage().heapUsed }));
for (const socket of sockets) socket.destroy();
await proxy.close();
server.close();
await origin.close();

/** Publishes until the system takes nothing more for a client. */
async function fill(channel: string): Promise<void> {
  let receipt: Receipt;
  do {
    receipt = await proxy.publish(channel, { 'http-stream': 'x'.repeat(60_000) });
    await setImmediate();
  } while (receipt.delivered > 0);
}
