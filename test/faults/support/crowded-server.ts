import { once } from 'node:events';
import http from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { GripProxy } from '@p-8/core';
import { answerEvents, events, obliging } from '../../support/events-origin.js';

/**
 * Run as a process of its own with `--expose-gc` and an IPC channel: a proxy for very many clients, each with a channel of its
 * own, that says how much memory it takes. Listens on a Unix socket: of a TCP connection on one machine the system takes
 * megabytes that nobody reads, so that little would be left for the proxy to keep.
 */

/** What the process is asked. */
export type Order =
  | { readonly report: 'at once' | 'after collection' }
  /** To each of the channels `c0`, `c1`, …, `rounds` times: items of so many bytes, each with bytes of its own. */
  | { readonly publish: { readonly channels: number; readonly rounds: number; readonly size: number } };

/** Memory is in bytes. */
export interface Report {
  readonly rss: number;
  /** All that the process has made: heap and buffers. */
  readonly used: number;
  readonly backlog: number;
  readonly overflows: Readonly<Record<string, number>>;
  readonly sessions: number;
  /** The sum of {@link GripProxy.stats}. */
  readonly held: number;
  /** The bound of what may wait for all clients together, as it is by default. */
  readonly ceiling: number;
}

/** What came of publishing, at its worst. */
export interface Peak {
  readonly used: number;
  readonly backlog: number;
}

const path = process.argv[2] ?? '';
const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});

/** Holds what asks for `/c7` on the channel `c7`: a stream with a next link, or a WebSocket. */
const proxy = new GripProxy({
  target: {
    overHttp: true,
    listener: (req, res) => {
      const channel = req.url?.slice(1) ?? '';
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        if (req.method === 'GET') {
          const link = `</${channel}>; rel=next`;
          const fields = {
            'Grip-Hold': 'stream',
            'Grip-Channel': `${channel}; prev-id=0`,
            'Grip-Link': link,
          };
          res.writeHead(200, fields).end('[');
        } else if (text.startsWith('OPEN')) {
          const control = `c:${JSON.stringify({ type: 'subscribe', channel })}`;
          const fields = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
          answerEvents(res, { fields, body: events(['OPEN'], ['TEXT', control]) });
        } else {
          answerEvents(res, obliging(text));
        }
      });
    },
  },
});
const server = http.createServer((req, res) => proxy.handle(req, res));
proxy.attach(server);
// They come faster than they can be let in.
server.listen({ path, backlog: 4096 });
await once(server, 'listening');

async function collect(): Promise<void> {
  // What one collection frees may make more for the next one to free.
  for (let i = 0; i < 3; i++) {
    gc();
    await setImmediate();
  }
}

function memory(): { rss: number; used: number } {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, used: heapUsed + external };
}

function report(): Report {
  const stats = proxy.stats();
  const { bytes, overflows } = proxy.backlog();
  return {
    ...memory(),
    backlog: bytes,
    overflows,
    sessions: stats.sessions,
    held: Object.values(stats).reduce((sum, count) => sum + count, 0),
    ceiling: getHeapStatistics().heap_size_limit / 4,
  };
}

async function publish({
  channels,
  rounds,
  size,
}: {
  channels: number;
  rounds: number;
  size: number;
}): Promise<Peak> {
  const peak = { used: 0, backlog: 0 };
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < channels; i++) {
      const content = Buffer.alloc(size, i);
      await proxy.publish(
        `c${i}`,
        { 'http-stream': content, 'ws-message': content },
        { id: String(round), 'prev-id': String(round - 1) },
      );
      peak.backlog = Math.max(peak.backlog, proxy.backlog().bytes);
      if (i % 20 === 0) await setImmediate();
    }
    await collect();
    peak.used = Math.max(peak.used, memory().used);
  }
  return peak;
}

process.on('message', async (order: Order) => {
  if ('report' in order && order.report === 'after collection') await collect();
  process.send?.('report' in order ? report() : await publish(order.publish));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
