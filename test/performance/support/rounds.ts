import type { EventEmitter } from 'node:events';
import http from 'node:http';
import { GripProxy } from '@p-8/core';
import { someAtATime } from '../../../bench/drivers/some-at-a-time.js';
import { eventually } from '../../support/eventually.js';
import { pushingApp, VISITS } from './pushing-app.js';
import { Visitors } from './visitors.js';

/**
 * Run as a process of its own with `--expose-gc`, and KIND CLIENTS ROUNDS: lets clients come, be held and go again, round for
 * round, and prints what there is after each, as JSON.
 */

/** What there is when all have gone. */
export interface Rest {
  /** Bytes in use. */
  readonly heap: number;
  /** Sessions, channels, timers, requests to the app, and connections of the server. */
  readonly held: number;
  /** Of the server, of the process and of the proxy. */
  readonly listeners: number;
  /** What keeps the process running, by what it is. */
  readonly resources: readonly string[];
}

/** Clients that come, and go, at a time. */
const WIDTH = 100;

const CLOSE = { 'http-stream': { action: 'close' }, 'ws-message': { action: 'close' } } as const;

/** Milliseconds. */
const PATIENCE = 60_000;

const [kind = 'stream', clients = '', rounds = ''] = process.argv.slice(2);
const { request, welcome } = VISITS[kind === 'websocket' ? 'websocket' : 'stream'];
const count = Number(clients);

const proxy = new GripProxy();
const server = http.createServer(proxy.wrap(pushingApp));
proxy.attach(server);
const visitors = new Visitors(server);

const rests: Rest[] = [];
for (let i = 0; i < Number(rounds); i++) rests.push(await round());
await proxy.close();
process.stdout.write(JSON.stringify(rests));

/** All come and are held; then half of them leave, and the other half are told to. */
async function round(): Promise<Rest> {
  await someAtATime(count, WIDTH, (index) => visitors.come(request(channelOf(index)), welcome));
  await untilHeld(count);
  // A few at a time: the app is told of each WebSocket that ends, on connections that stay for a while.
  for (let left = count - WIDTH; left >= 0; left -= WIDTH) {
    if (left % (2 * WIDTH) === 0) await proxy.publish(channelOf(left), CLOSE);
    visitors.leave(WIDTH);
    await untilHeld(left);
  }
  await eventually(
    () => held() === 0,
    () => `nothing that is held, but ${visitors.connections} connections, ${JSON.stringify(proxy.stats())}`,
    PATIENCE,
  );
  return {
    heap: await heap(),
    held: held(),
    listeners: listeners(),
    resources: process.getActiveResourcesInfo(),
  };
}

/** Those that come together share a channel. */
function channelOf(index: number): string {
  return `channel-${Math.floor(index / WIDTH)}`;
}

async function untilHeld(sessions: number): Promise<void> {
  await eventually(
    () => proxy.stats().sessions === sessions,
    () => `${sessions} that are held, but ${JSON.stringify(proxy.stats())}`,
    PATIENCE,
  );
}

function held(): number {
  const { sessions, channels, timers, upstreamRequests } = proxy.stats();
  return visitors.connections + sessions + channels + timers + upstreamRequests;
}

function listeners(): number {
  const emitters: readonly EventEmitter[] = [server, process];
  return emitters.reduce(
    (sum, emitter) => emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name), sum),
    proxy.eventNames().length,
  );
}

async function heap(): Promise<number> {
  // What one collection frees may make more for the next one to free.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
