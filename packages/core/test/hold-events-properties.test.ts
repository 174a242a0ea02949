import assert from 'node:assert/strict';
import type { GripProxy } from '@p-8/core';
import fc from 'fast-check';
import { answerEvents, bodyOf, event, obliging } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { ProxyServer } from '../../../test/support/proxy-server.js';
import { Stage } from '../../../test/support/stage.js';
import { WsClient } from '../../../test/support/ws-client.js';
import { HoldWatch } from './support/hold-watch.js';
import { controlEvent } from './support/web-socket-party.js';

const RUNS = { numRuns: 40 };
const CHANNELS = ['a', 'b'] as const;
const NEXT = 'Grip-Link: </next>; rel=next; timeout=20';

/** One thing that happens; clients are counted from 0, round and round. */
type Step =
  | { readonly open: 'poll' | 'stream' | 'link' | 'ws'; readonly channel: string; readonly waits: boolean }
  | { readonly publish: 'send' | 'hint' | 'close'; readonly channel: string; readonly id: number }
  | { readonly leave: number; readonly politely: boolean }
  | { readonly wait: number }
  | { readonly turns: number }
  | { readonly recover: true };

const channel = fc.constantFrom(...CHANNELS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      open: fc.constantFrom('poll', 'stream', 'link', 'ws'),
      channel,
      waits: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      publish: fc.constantFrom('send', 'send', 'hint', 'close'),
      channel,
      id: fc.integer({ min: 0, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ leave: fc.nat(20), politely: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ wait: fc.constantFrom(100, 1000, 20_000, 60_000) }) },
  { weight: 2, arbitrary: fc.record({ turns: fc.constantFrom(1, 10, 100) }) },
  { weight: 1, arbitrary: fc.record({ recover: fc.constant<true>(true) }) },
);

/** Holds what is asked for as the path says, WebSockets too. Every fourth request may end a stream by its next link, or fail. */
const handler: OriginHandler = (res, request, count) => {
  const [, mode = '', name = ''] = request.url.split('/');
  if (mode === 'ws') {
    const first = {
      fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
      body: Buffer.concat([event('OPEN'), controlEvent({ type: 'subscribe', channel: name })]),
    };
    const answer = (): void =>
      answerEvents(res, bodyOf(request).startsWith('OPEN') ? first : obliging(bodyOf(request)));
    if (request.complete) answer();
    else res.req.on('end', answer);
  } else if (mode === 'poll') {
    hold(res, 'response', `${name}${count % 2 === 0 ? '' : '; prev-id=1'}`);
  } else if (mode === 'next' && count % 4 === 3) {
    respond(res, { body: 'last', status: count % 8 === 3 ? 200 : 500 });
  } else {
    hold(res, 'stream', name || 'a', { body: '[', fields: mode === 'stream' ? [] : [NEXT] });
  }
};

/** One proxy, and what happens to it. */
class Scene {
  readonly #stage = new Stage();
  readonly #clock = new ManualClock();
  readonly #leaving: ((politely: boolean) => void)[] = [];

  async play(steps: readonly Step[], closes: boolean): Promise<void> {
    try {
      const origin = await this.#stage.origin(handler);
      const target = { url: origin.url, overHttp: true };
      const server = await this.#stage.proxy({ target, clock: this.#clock });
      const { proxy } = server;
      proxy.attach(server.server);
      const watch = new HoldWatch(proxy);
      for (const one of steps) {
        const told = watch.lines.length;
        await this.#take(one, server, () => watch.lines.length > told);
        watch.check();
        assert(proxy.holds().length <= proxy.stats().sessions);
      }
      if (closes) await proxy.close();
      for (const leave of this.#leaving) leave(false);
      await eventually(
        () => server.held === 0,
        () => JSON.stringify(proxy.stats()),
      );
      watch.check();
      assert.deepEqual(watch.held, []);
      assert.equal(watch.reasons.length * 2, watch.lines.length);
    } finally {
      await this.#stage.close();
    }
  }

  async #take(one: Step, server: ProxyServer, hasNews: () => boolean): Promise<void> {
    if ('open' in one) {
      await this.#open(one.open, one.channel, server);
      if (one.waits) await eventually(hasNews, `${one.open} that is held`);
    } else if ('publish' in one) await publish(server.proxy, one.publish, one.channel, one.id);
    else if ('leave' in one) this.#leaving[one.leave % this.#leaving.length]?.(one.politely);
    else if ('wait' in one) this.#clock.advance(one.wait);
    else if ('turns' in one) await settle(one.turns);
    else server.proxy.hub.recover();
  }

  async #open(mode: string, name: string, server: ProxyServer): Promise<void> {
    if (mode === 'ws') {
      const client = await WsClient.ask(this.#stage, server, `/ws/${name}`);
      client.answersClose = true;
      this.#leaving.push((politely) => {
        if (politely && client.answered) client.close(1000);
        else client.destroy();
      });
    } else {
      const client = await this.#stage.client(server);
      client.request(`GET /${mode}/${name}`);
      this.#leaving.push((politely) => client[politely ? 'destroy' : 'reset']());
    }
  }
}

async function publish(proxy: GripProxy, action: string, name: string, id: number): Promise<void> {
  const ids = id === 0 ? {} : { id: String(id), 'prev-id': String(id - 1) };
  const formats =
    action === 'send'
      ? { 'http-response': 'x', 'http-stream': 'x', 'ws-message': 'x' }
      : {
          ...(action === 'hint' && { 'http-response': { action: 'hint' } }),
          'http-stream': { action },
          ...(action === 'close' && { 'ws-message': { action: 'close' } }),
        };
  await proxy.publish(name, formats as never, ids);
}

describe('what is told of holds', () => {
  it('adds up to what is held, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), fc.boolean(), (steps, closes) =>
        new Scene().play(steps, closes),
      ),
      RUNS,
    );
  });
});
