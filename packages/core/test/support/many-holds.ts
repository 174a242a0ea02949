import net from 'node:net';
import { eventually } from '../../../../test/support/eventually.js';
import { hold, Origin } from '../../../../test/support/origin.js';
import { ProxyServer } from '../../../../test/support/proxy-server.js';

/** Run as a process of its own with `--expose-gc`: how much memory very many streams take, and give back. */
/** Milliseconds. */
const PATIENCE = 40_000;

const total = Number(process.argv[2]);
const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});

async function heap(): Promise<number> {
  // What one collection frees may make more for the next one to free.
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const origin = await Origin.listen((res) => {
  origin.requests.length = 0;
  hold(res, 'stream', 'ch', { body: '[', fields: ['Grip-Keep-Alive: p; timeout=30'] });
});
const { proxy, server, port } = await ProxyServer.listen({ target: origin.url });

let count = 0;
let open = 0;
let got = 0;
const sockets: net.Socket[] = [];

function connect(): void {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.endsWith('\r\n1\r\n[\r\n')) {
      text = '';
      if (++open + 50 <= count) connect();
    } else if (text === '5\r\nhello\r\n') {
      got++;
    }
  });
  socket.on('error', () => {});
  socket.write('GET /stream HTTP/1.1\r\nHost: example.com\r\n\r\n');
  sockets.push(socket);
}

/** Opens streams, at most 50 at a time, publishes once, and lets all leave. */
async function round(streams: number): Promise<object> {
  count = streams;
  open = got = 0;
  for (let i = 0; i < 50; i++) connect();
  await eventually(
    () => open === count && proxy.hub.subscriberCount('ch') === count,
    () => `${open} streams`,
    PATIENCE,
  );
  const held = await heap();
  const receipt = await proxy.publish('ch', { 'http-stream': 'hello' });
  await eventually(
    () => got === count,
    () => `${got} have got it`,
    PATIENCE,
  );
  for (const socket of sockets.splice(0)) socket.destroy();
  await eventually(
    () => Object.values(proxy.stats()).every((one) => one === 0),
    () => JSON.stringify(proxy.stats()),
    PATIENCE,
  );
  let connections = -1;
  await eventually(
    () => {
      server.getConnections((_error, number) => {
        connections = number;
      });
      return connections === 0;
    },
    'no connections',
    PATIENCE,
  );
  return { delivered: receipt.delivered, got, held, after: await heap() };
}

// The first round, a small one, compiles and fills caches.
const rounds = [await round(total / 10), await round(total)];
process.stdout.write(JSON.stringify({ rounds, stats: proxy.stats() }));
await proxy.close();
server.close();
await origin.close();
