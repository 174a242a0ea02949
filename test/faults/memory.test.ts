// Runs alone: it measures memory.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sandbox } from '../../packages/server/test/support/sandbox.js';
import { HANDSHAKE } from '../support/ws-client.js';
import type { Order, Peak, Report } from './support/crowded-server.js';

const SERVER = fileURLToPath(new URL('support/crowded-server.ts', import.meta.url));

/** Half of them streams with a next link, half WebSockets; each has a channel of its own. */
const CLIENTS = 2000;

/** Several times what may wait, besides what the system takes. */
const ROUNDS = 6;
const SIZE = 48 * 1024;

const MB = 1024 * 1024;

/** Room for what is being written, and for what the collector has not looked at. */
const SLACK = 100 * MB;

describe(`${CLIENTS} clients that do not read, of a process with 256 MB`, function () {
  this.timeout(180_000);
  const sandbox = new Sandbox();
  let server: ChildProcess;
  let clients: Socket[];
  let path: string;
  let whileItLives: AbortController;

  beforeEach(async () => {
    path = join(sandbox.path, 'p-8.sock');
    clients = [];
    const flags = ['--max-old-space-size=256', '--expose-gc', '--import=tsx', '--conditions=@p-8/source'];
    server = fork(SERVER, [path], { execArgv: flags });
    whileItLives = new AbortController();
    server.once('exit', (code, signal) => whileItLives.abort(new Error(`it has ended: ${code} ${signal}`)));
    await once(server, 'message', { signal: whileItLives.signal });
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    if (server.exitCode !== null) return;
    server.disconnect();
    await once(server, 'exit');
  });

  async function ask<T>(order: Order): Promise<T> {
    const told = once(server, 'message', { signal: whileItLives.signal });
    server.send(order);
    const [answer] = (await told) as [T];
    return answer;
  }

  async function reportWhen(isThere: (report: Report) => boolean): Promise<Report> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const report = await ask<Report>({ report: 'at once' });
      if (isThere(report)) return await ask<Report>({ report: 'after collection' });
      assert(Date.now() < deadline, JSON.stringify(report));
    }
  }

  /** A client that reads nothing, not even the head of its response. */
  async function connect(index: number): Promise<Socket> {
    const socket = net.connect(path).pause();
    socket.on('error', () => {});
    await once(socket, 'connect');
    const fields = index % 2 === 0 ? [] : HANDSHAKE;
    socket.write([`GET /c${index} HTTP/1.1`, 'Host: example.com', ...fields, '', ''].join('\r\n'));
    return socket;
  }

  async function crowd(count: number): Promise<void> {
    while (clients.length < count) {
      const group = Array.from({ length: 50 }, (_, i) => connect(clients.length + i));
      clients.push(...(await Promise.all(group)));
    }
    await reportWhen(({ sessions }) => sessions === count);
  }

  async function leave(): Promise<Report> {
    for (const client of clients.splice(0)) client.destroy();
    return await reportWhen(({ held, backlog }) => held === 0 && backlog === 0);
  }

  it('cost it no more than the ceiling, and nothing stays when they have left', async () => {
    // What comes first compiles, and fills caches.

    await crowd(100);
    await ask<Peak>({ publish: { channels: 100, rounds: ROUNDS, size: SIZE } });
    const before = await leave();

    await crowd(CLIENTS);
    const held = await ask<Report>({ report: 'after collection' });
    const peak = await ask<Peak>({ publish: { channels: CLIENTS, rounds: ROUNDS, size: SIZE } });
    const after = await ask<Report>({ report: 'after collection' });

    assert((after.overflows.ceiling ?? 0) > 0, 'the ceiling was never reached');
    assert(peak.backlog <= held.ceiling, `${peak.backlog} bytes waited, of ${held.ceiling}`);
    assert(
      peak.used - held.used < held.ceiling + SLACK,
      `${(peak.used - held.used) / MB} MB more than before`,
    );

    const left = await leave();

    assert(left.used - before.used < SLACK / 2, `${(left.used - before.used) / MB} MB stay`);

    // It still does what it is there for.
    const client = await connect(0);
    clients.push(client);
    await reportWhen(({ sessions }) => sessions === 1);
    await ask<Peak>({ publish: { channels: 1, rounds: 1, size: 10 } });
    client.resume();
    const [chunk] = (await once(client, 'data')) as [Buffer];
    assert.match(chunk.toString('latin1'), /^HTTP\/1.1 200 OK\r\n/);
  });
});
