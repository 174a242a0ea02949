import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { answerEvents, bodyOf, events, obliging } from '../support/events-origin.js';
import { hold, respond } from '../support/origin.js';
import type { RawClient } from '../support/raw-client.js';
import { useStage } from '../support/stage.js';
import { WsClient } from '../support/ws-client.js';
import { FaultProxy } from './fault-proxy.js';
import { TickClock } from './support/tick-clock.js';

const CLIENTS_OF_A_KIND = 50;
const ITEMS = 25;
/** Some items are longer than a segment. */
const LONG = 4000;
/** Milliseconds of the network that pass in a turn of the loop, and turns between two items. */
const MS_PER_TURN = 10;
const TURNS_PER_ITEM = 10;

const itemOf = (number: number): string => `<${number}>`.padEnd(number % 5 === 0 ? LONG : 0, '.');
const itemsAfter = (number: number, count: number): string[] =>
  Array.from({ length: count - number }, (_, i) => itemOf(number + i + 1));
const ALL = itemsAfter(0, ITEMS);

/** Numbers from 0 to 1 that are the same each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe('a network that loses 5 % of the segments and takes 200 ms for the others', function () {
  this.timeout(60_000);
  const stage = useStage();

  it('150 clients get all items complete, in order, and once', async () => {
    let published = 0;
    const origin = await stage().origin((res, seen) => {
      const { pathname, searchParams } = new URL(seen.url, 'http://origin');
      const after = Number(searchParams.get('after'));
      const fields = ['Grip-Link: </stream>; rel=next; timeout=3600'];
      if (pathname === '/stream') hold(res, 'stream', `ch; prev-id=${published}`, { fields, body: '[' });
      else if (pathname === '/ws')
        res.req.on('end', () => {
          const control = `c:${JSON.stringify({ type: 'subscribe', channel: 'ch' })}`;
          const fields = ['Sec-WebSocket-Extensions: grip; message-prefix=""'];
          const opening = { fields, body: events(['OPEN'], ['TEXT', control]) };
          answerEvents(res, bodyOf(seen).startsWith('OPEN') ? opening : obliging(bodyOf(seen)));
        });
      else if (after < published) respond(res, { body: itemsAfter(after, published).join('') });
      else hold(res, 'response', `ch; prev-id=${published}`);
    });
    const { proxy, port, server } = await stage().proxy({ target: { url: origin.url, overHttp: true } });
    proxy.attach(server);
    const clock = new TickClock(MS_PER_TURN);
    const random = randomOf(1);
    const network = await FaultProxy.listen({ port }, (line) =>
      line.loseSegments({ share: 0.05, ms: 200, clock, random }),
    );
    stage().onClose(() => network.close());

    let isOver = false;
    const time = (async () => {
      while (!isOver) {
        await setImmediate();
        clock.advance();
      }
    })();
    const kind = Array.from({ length: CLIENTS_OF_A_KIND });
    try {
      const streams = await Promise.all(
        kind.map(async () => {
          const client = await stage().client(network);
          client.request('GET /stream');
          await client.bodyWith('[');
          return client;
        }),
      );
      const sockets = await Promise.all(kind.map(() => WsClient.open(stage(), network)));
      const polls = await Promise.all(kind.map(() => stage().client(network)));
      const polled = Promise.all(polls.map(poll));
      while (proxy.holds().length < 3 * CLIENTS_OF_A_KIND) await setImmediate();

      while (published < ITEMS) {
        const content = itemOf(++published);
        await proxy.publish(
          'ch',
          { 'http-stream': content, 'http-response': content, 'ws-message': content },
          { id: String(published), 'prev-id': String(published - 1) },
        );
        for (let turn = 0; turn < TURNS_PER_ITEM; turn++) await setImmediate();
      }
      for (const client of streams) {
        const last = ALL.at(-1) ?? '';
        assert.equal(String((await client.bodyWith(last)).body), `[${ALL.join('')}`);
      }
      for (const client of sockets) {
        await client.count(ITEMS);
        assert.deepEqual(
          client.received,
          ALL.map((item) => `text ${item}`),
        );
      }
      for (const content of await polled) assert.equal(content, ALL.join(''));
    } finally {
      isOver = true;
      await time;
      for (const line of network.lines) line.cut('reset');
    }
  });

  /** Polls, says each time what it has, and gives all that it has got. */
  async function poll(client: RawClient): Promise<string> {
    let content = '';
    for (let round = 0; !content.includes(ALL.at(-1) ?? ''); round++) {
      const after = content.match(/<\d+>/g)?.at(-1)?.slice(1, -1) ?? 0;
      client.request(`GET /poll?after=${after}`);
      content += String((await client.reply(round)).body);
    }
    return content;
  }
});
