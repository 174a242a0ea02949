import { setTimeout as delay } from 'node:timers/promises';
import { Publisher } from '@p-8/publisher-client';
import { eventually } from '../support/eventually.js';
import { type Client, type End, get, openWebSocket } from './clients.js';
import { type Entry, LogOrigin } from './origin.js';
import type { Running, Start } from './systems.js';

/** What a slow client is sent: far more than all buffers on the way have room for. */
const ITEMS = 4000;
const ITEM_BYTES = 4096;

/** Milliseconds without news after which nothing more is to be expected. */
const QUIET = 3000;

/** One question, and how its answer is measured. */
export interface Measure {
  readonly question: string;
  measure(start: Start): Promise<string>;
}

/** A proxy before the log, and what is published to it. */
class Bench {
  readonly origin: LogOrigin;
  readonly proxy: Running;
  readonly #publisher: Publisher;
  readonly #clients: Client[] = [];
  /** How many items were taken by the control API. */
  taken = 0;

  private constructor(origin: LogOrigin, proxy: Running) {
    this.origin = origin;
    this.proxy = proxy;
    this.#publisher = new Publisher({ control_uri: `http://127.0.0.1:${proxy.controlPort}` });
  }

  static async use(start: Start, measure: (bench: Bench) => Promise<string>): Promise<string> {
    const origin = new LogOrigin();
    await origin.listen();
    const bench = new Bench(origin, await start(origin.port));
    try {
      return await measure(bench);
    } finally {
      for (const client of bench.#clients) client.leave();
      await bench.proxy.terminate();
      await origin.close();
    }
  }

  /** A client of `/plain`, `/log`, `/poll` or `/ws` that has just asked. */
  async newClient(path: string): Promise<Client> {
    const client = path === '/ws' ? await openWebSocket(this.proxy) : await get(this.proxy, path);
    this.#clients.push(client);
    return client;
  }

  /** One that is held. */
  async client(path: string): Promise<Client> {
    const client = await this.newClient(path);
    // The reference tells nobody when it has subscribed a client; and a second later it asks the origin once more.
    await delay(2500);
    return client;
  }

  async publish(channel: string, { content, id, prevId }: Partial<Entry>): Promise<void> {
    const formats = { 'http-stream': content, 'http-response': content, 'ws-message': content };
    await this.#publisher.publish(channel, formats as Record<string, string>, { id, 'prev-id': prevId });
    this.taken++;
  }
}

export const MEASURES: readonly Measure[] = [
  slow('A client of a stream without ids pauses, and 16 MB are published', '/plain', 'plain'),
  slow('The same with ids and a next link', '/log', 'log'),
  slow('The same over a WebSocket', '/ws', 'plain'),
  {
    question: 'An item of a stream with ids is lost on its way to the proxy, and another one follows',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const client = await bench.client('/log');
        bench.origin.add('<1>');
        const begin = Date.now();
        await bench.publish('log', bench.origin.add('<2>'));
        await waitFor(() => client.got.includes('<2>'), 20_000);
        return `${numbersIn(client)}${seconds(begin)}`;
      }),
  },
  {
    question: 'The last item of a stream with ids is lost, and nothing follows (link time-out 10 s)',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const client = await bench.client('/log');
        bench.origin.add('<1>');
        const begin = Date.now();
        await waitFor(() => client.got.includes('<1>'), 20_000);
        return `${numbersIn(client)}${seconds(begin)}`;
      }),
  },
  {
    question: 'Items of a stream with ids come twice, and in the wrong order',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const client = await bench.client('/log');
        const [one, two, three] = ['<1>', '<2>', '<3>'].map((content) => bench.origin.add(content));
        if (one === undefined || two === undefined || three === undefined) return '';
        await bench.publish('log', one);
        for (const item of [one, three, two, three]) await bench.publish('log', item);
        await waitFor(() => client.got.includes('<3>'), 20_000);
        await delay(QUIET);
        return numbersIn(client);
      }),
  },
  {
    question: 'An item is published between the answer of the origin and the hold of a long-poll',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const { origin } = bench;
        origin.beforeAnswer = () => bench.publish('log', origin.add('<1>'));
        const begin = Date.now();
        const client = await bench.newClient('/poll');
        await waitFor(() => client.end !== 'open', 20_000);
        return `${numbersIn(client)}${client.end === 'ended' ? seconds(begin) : ', which waits on'}`;
      }),
  },
  {
    question: 'An item is missing while the origin is down for 40 s',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const client = await bench.client('/log');
        await bench.origin.close();
        bench.origin.add('<1>');
        await bench.publish('log', bench.origin.add('<2>'));
        await delay(40_000);
        await bench.origin.listen();
        await waitFor(() => client.got.includes('<2>') || client.end !== 'open', 25_000);
        return `${numbersIn(client)}, ${inWords(client.end)}`;
      }),
  },
  {
    question: 'SIGTERM: a WebSocket; a stream; a long-poll',
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const clients = [
          await bench.client('/ws'),
          await bench.client('/plain'),
          await bench.client('/poll'),
        ];
        await bench.proxy.terminate();
        await waitFor(() => clients.every(({ end }) => end !== 'open'), 5000);
        return clients.map(({ end }) => inWords(end)).join('; ');
      }),
  },
];

function slow(question: string, path: string, channel: string): Measure {
  return {
    question,
    measure: (start) =>
      Bench.use(start, async (bench) => {
        const client = await bench.client(path);
        client.pause();
        for (let i = 1; i <= ITEMS; i++) {
          const item = bench.origin.add(`<${i}>`.padEnd(ITEM_BYTES, '.'));
          // The log's own clients know ids; the others do not.
          await bench.publish(channel, channel === 'log' ? item : { content: item.content });
        }
        client.resume();
        let before = -1;
        while (client.got.length !== before) {
          before = client.got.length;
          await delay(QUIET);
        }
        const got = (client.got.match(/<\d+>/g) ?? []).length;
        return `${bench.taken} taken, ${got} received, ${inWords(client.end)}`;
      }),
  };
}

function inWords(end: End): string {
  return end === 'open' ? 'connection open' : end;
}

function numbersIn({ got }: Client): string {
  const numbers = [...got.matchAll(/<(\d+)>/g)].map(([, number]) => number);
  return numbers.length === 0 ? 'nothing received' : `received ${numbers.join(', ')}`;
}

function seconds(begin: number): string {
  return ` after ${((Date.now() - begin) / 1000).toFixed(1)} s`;
}

/** Waits for something that may not come. */
async function waitFor(condition: () => boolean, ms: number): Promise<void> {
  await eventually(condition, '', ms).catch(() => {});
}
