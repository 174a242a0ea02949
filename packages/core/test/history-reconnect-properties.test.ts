import assert from 'node:assert/strict';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { settle } from '../../../test/support/eventually.js';
import { hold } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';

/** One thing that happens: an event of so many bytes in one of two channels, some turns of the loop, or the client's connection breaks. */
type Step =
  | { readonly publish: 0 | 1; readonly bytes: number }
  | { readonly turns: number }
  | { readonly cut: 'now' | 'when there is something' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ publish: fc.constantFrom(0, 1), bytes: fc.constantFrom(0, 10, 5000) }),
  },
  { weight: 2, arbitrary: fc.record({ turns: fc.constantFrom(1, 5, 20) }) },
  { weight: 2, arbitrary: fc.record({ cut: fc.constantFrom('now', 'when there is something') }) },
);

/** Connects again with the last id that has come, as browsers do. */
class EventClient {
  readonly got: string[] = [];
  #lastId: string | undefined;
  #client: RawClient | undefined;
  readonly #connect: () => Promise<RawClient>;
  readonly #path: string;

  constructor(connect: () => Promise<RawClient>, path: string) {
    this.#connect = connect;
    this.#path = path;
  }

  async open(): Promise<void> {
    const client = await this.#connect();
    this.#client = client;
    client.request(`GET ${this.#path}`, this.#lastId === undefined ? [] : [`Last-Event-ID: ${this.#lastId}`]);
  }

  /** Waits until the origin's own content is there, or the text. */
  async sees(text = ':\n\n'): Promise<void> {
    await this.#client?.bodyWith(text);
  }

  /** Takes what has come, and leaves. */
  cut(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.destroy();
    const [reply] = client?.replies ?? [];
    // An event that has not come in whole is none.
    const parser = createParser({
      onEvent: ({ id = '', event = '', data }) => {
        this.got.push(event === 'gap' ? `gap ${data}` : id);
        this.#lastId = id;
      },
    });
    parser.feed(reply?.body.toString() ?? '');
  }
}

describe('a client of Server-Sent Events whose connection breaks', () => {
  const stage = useStage();

  it('gets each event once and in order, whenever it comes back', async () => {
    const origin = await stage().origin((res, { url }) =>
      hold(res, 'stream', [`${url}-0`, `${url}-1`], {
        fields: ['Content-Type: text/event-stream'],
        body: ':\n\n',
      }),
    );
    const server = await stage().proxy({ target: origin.url, history: { channels: ['/*'] } });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const path = `/${run++}`;
        const client = new EventClient(() => stage().client(server), path);
        const published: string[] = [];
        const publish = (channel: number, bytes: number): unknown => {
          const id = String(published.push(String(published.length)) - 1);
          const content = `id: ${id}\ndata: ${id}\n:${'x'.repeat(bytes)}\n\n`;
          return server.proxy.publish(`${path}-${channel}`, { 'http-stream': content }, { id });
        };
        await client.open();
        await client.sees();
        // A client that has got nothing has no id to come back with.
        await publish(0, 0);
        await client.sees('data: 0\n:\n\n');
        for (const one of steps) {
          if ('publish' in one) void publish(one.publish, one.bytes);
          else if ('turns' in one) await settle(one.turns);
          else {
            if (one.cut !== 'now') await client.sees();
            client.cut();
            await client.open();
          }
        }
        await publish(1, 0);
        await client.sees(`data: ${published.length - 1}\n:\n\n`);
        client.cut();
        assert.deepEqual(client.got, published);
      }),
      { numRuns: 40 },
    );
    assert.equal(server.proxy.historyStats().gaps, 0);
  });
});
