// Runs alone: it measures time.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { Command } from '../../packages/server/test/support/command.js';
import { Sandbox } from '../../packages/server/test/support/sandbox.js';
import { eventually } from '../support/eventually.js';

/** Clients of each kind. */
const COUNT = 500;

/** Seconds over which the server ends. */
const WINDOW = 4;

/** When a client was told to go, in milliseconds since the signal; and how. */
interface Farewell {
  readonly at: number;
  readonly how: string;
}

describe('SIGTERM, with 500 WebSockets, 500 streams and 500 long-polls', function () {
  this.timeout(120_000);
  const sandbox = new Sandbox();
  let origin: http.Server;
  let agent: http.Agent;
  let answered = 0;

  before(async () => {
    agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });
    origin = http.createServer(async (req, res) => {
      const events = await text(req);
      answered++;
      if (req.url === '/stream' || req.url === '/poll') {
        const hold = req.url === '/poll' ? 'response' : 'stream';
        res.writeHead(200, { 'Grip-Hold': hold, 'Grip-Channel': 'ch' }).end('whole\n');
      } else {
        res.writeHead(200, { 'Content-Type': 'application/websocket-events' });
        res.end(events.startsWith('OPEN') ? 'OPEN\r\n' : '');
      }
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
  });

  after(() => {
    agent.destroy();
    origin.closeAllConnections();
    origin.close();
  });

  it('cuts nobody, and lets them go one after the other', async () => {
    const route = `* 127.0.0.1:${(origin.address() as AddressInfo).port},over_http`;
    const command = new Command(
      ['--port', '127.0.0.1:0', '--control-port', '0', '--route', route, '--drain', `${WINDOW}`],
      sandbox.path,
    );
    const printed = await command.printed(/p-8 started/);
    const front = Number(/clients\s+http:\S+?:(\d+)/.exec(printed)?.[1]);
    let start = 0;
    const now = (): number => performance.now() - start;

    const get = async (path: string): Promise<() => Promise<Farewell>> => {
      const request = http.get({ host: '127.0.0.1', port: front, path, agent });
      if (path === '/poll') {
        await once(request, 'finish');
        return async () => {
          const [response] = (await once(request, 'response')) as [http.IncomingMessage];
          return { how: await text(response), at: now() };
        };
      }
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      return async () => ({ how: await text(response), at: now() });
    };
    const open = async (): Promise<() => Promise<Farewell>> => {
      const socket = new WebSocket(`ws://127.0.0.1:${front}/ws`);
      await once(socket, 'open');
      return async () => {
        const [code] = (await once(socket, 'close')) as [number];
        return { how: String(code), at: now() };
      };
    };
    const crowd = { sockets: [], streams: [], polls: [] } as Record<string, (() => Promise<Farewell>)[]>;
    for (let round = 0; round < COUNT / 50; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          crowd.sockets?.push(await open());
          crowd.streams?.push(await get('/stream'));
          crowd.polls?.push(await get('/poll'));
        }),
      );
    }
    await eventually(() => answered === 3 * COUNT, 'an answer for each');
    const farewells = Object.entries(crowd).map(async ([kind, clients]) => ({
      kind,
      ends: await Promise.all(clients.map((client) => client())),
    }));
    start = performance.now();
    command.kill('SIGTERM');
    for (const { kind, ends } of await Promise.all(farewells)) {
      const hows = new Map<string, number>();
      for (const { how } of ends) hows.set(how, (hows.get(how) ?? 0) + 1);
      assert.deepEqual([...hows], [[kind === 'sockets' ? '1012' : 'whole\n', COUNT]], kind);
      // How evenly they end is tested with a clock that stands still. A busy machine may hold all of them up for a second.
      const times = ends.map(({ at }) => at / 1000).sort((a, b) => a - b);
      const [first = 0, quarter = 0, threeQuarters = 0, last = 0] = [0, 0.25, 0.75, 1].map(
        (share) => times[Math.floor(share * (COUNT - 1))],
      );
      assert(last - first > WINDOW / 2, `${kind}: from ${first} s to ${last} s`);
      assert(threeQuarters - quarter > WINDOW / 8, `${kind}: half from ${quarter} s to ${threeQuarters} s`);
    }
    const { status, signal } = await command.ended;
    assert.deepEqual([status, signal], [0, null]);
  });
});
