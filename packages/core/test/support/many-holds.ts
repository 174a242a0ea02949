import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../../test/support/eventually.js';
import { hold, Origin } from '../../../../test/support/origin.js';
import { ProxyServer } from '../../../../test/support/proxy-server.js';
import type { Order, Word } from './many-clients.js';

/**
 * Run as a process of its own with `--expose-gc`: how much memory very many streams take, and give back, again and again. Their
 * clients are another process.
 */

/** Milliseconds. */
const PATIENCE = 180_000;

const [count = 0, rounds = 0] = process.argv.slice(2).map(Number);
const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});

const origin = await Origin.listen((res) => {
  origin.requests.length = 0;
  hold(res, 'stream', 'ch', { body: '[', fields: ['Grip-Keep-Alive: p; timeout=30'] });
});
const { proxy, server, port } = await ProxyServer.listen({ target: origin.url });
// Connections wait for the next round for as long as it takes.
server.keepAliveTimeout = 2 * PATIENCE;

const clients = fork(fileURLToPath(new URL('many-clients.ts', import.meta.url)));
let word: Word = { round: 0, held: 0, got: 0, ended: 0, open: 0 };
clients.on('message', (message) => {
  word = message as Word;
});

/** What all holds of a round took, and what was left. */
interface Round {
  readonly delivered: number;
  readonly held: number;
  readonly after: number;
}

const results: Round[] = [];
for (let i = 1; i <= rounds; i++) results.push(await round(i, i % 2 === 1 ? 'ended' : 'left'));
process.stdout.write(JSON.stringify({ rounds: results, stats: proxy.stats() }));
clients.disconnect();
await proxy.close();
server.closeAllConnections();
server.close();
await origin.close();

/** Has all clients hold a stream, publishes once, and ends the streams, or has the clients leave. */
async function round(number: number, end: 'ended' | 'left'): Promise<Round> {
  tell({ do: 'hold', round: number, count, port });
  await eventually(() => word.round === number, 'the clients have begun', PATIENCE);
  await reached('held');
  const held = await heap();
  const { delivered } = await proxy.publish('ch', { 'http-stream': 'hello' });
  await reached('got');
  if (end === 'ended') {
    await proxy.publish('ch', { 'http-stream': { action: 'close' } });
    await reached('ended');
  } else {
    tell({ do: 'leave' });
    await reached('open', 0);
  }
  await eventually(
    () => Object.values(proxy.stats()).every((one) => one === 0),
    () => JSON.stringify(proxy.stats()),
    PATIENCE,
  );
  return { delivered, held, after: await heap() };
}

function tell(order: Order): void {
  clients.send(order);
}

async function reached(what: keyof Word, number = count): Promise<void> {
  await eventually(
    () => word[what] === number,
    () => `${what}: ${word[what]} of ${number}`,
    PATIENCE,
  );
}

async function heap(): Promise<number> {
  // What one collection frees may make more for the next one to free.
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
