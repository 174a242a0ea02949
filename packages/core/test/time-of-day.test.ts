import assert from 'node:assert/strict';
import { type Clock, GripProxy, systemClock } from '@p-8/core';
import { decodeJwt } from 'jose';
import { events } from '../../../test/support/events-origin.js';
import { eventually, settle } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hold, type OriginHandler, respond } from '../../../test/support/origin.js';
import type { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { readHistory } from '../src/history-settings.js';
import { StallWatch } from '../src/http/stall-watch.js';
import { FlushWait } from '../src/hub/flush-wait.js';
import { History } from '../src/hub/history.js';
import type { Receipt } from '../src/hub/receipt.js';
import { RecentItems } from '../src/hub/recent-items.js';
import { Backlog } from '../src/sessions/backlog.js';
import { SlowStreak } from '../src/sessions/slow-streak.js';
import { Timers } from '../src/timers.js';
import { HubBench, Listener } from './support/listener.js';
import { WebSocketBench } from './support/web-socket-bench.js';

const HOUR = 3_600_000;

function unexpected(error: unknown): never {
  throw error;
}

for (const [change, ms] of [
  ['back', -HOUR],
  ['forward', HOUR],
] as const) {
  describe(`a time of day that is set ${change} by an hour`, () => {
    const stage = useStage();
    let clock: ManualClock;
    beforeEach(() => {
      clock = new ManualClock();
    });

    async function ask(handler: OriginHandler): Promise<RawClient> {
      const origin = await stage().origin(handler);
      const server = await stage().proxy({ target: origin.url, clock });
      const client = await stage().client(server);
      client.request('GET /');
      await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
      return client;
    }

    it('does not change when a long-poll ends', async () => {
      const client = await ask((res) => hold(res, 'response', 'ch', { body: 'nothing new' }));
      clock.setForward(ms);
      clock.advance(54_999);
      await settle();
      assert.equal(client.receivedBytes, 0);
      clock.advance(1);
      assert.equal(String((await client.reply()).body), 'nothing new');
    });

    it('does not change when a stream gets its keep-alives', async () => {
      const client = await ask((res) =>
        hold(res, 'stream', 'ch', { body: '[', fields: ['Grip-Keep-Alive: p; timeout=10'] }),
      );
      await client.bodyWith('[');
      clock.advance(5000);
      clock.setForward(ms);
      clock.advance(4999);
      await settle();
      assert.equal(String((await client.head()).body), '[');
      clock.advance(1);
      await client.bodyWith('[p');
      clock.setForward(ms);
      clock.advance(10_000);
      await client.bodyWith('[pp');
    });

    it('does not change when a WebSocket gets its keep-alives', async () => {
      const bench = await WebSocketBench.overHttp(stage(), (text) =>
        text.startsWith('OPEN')
          ? {
              fields: ['Sec-WebSocket-Extensions: grip; message-prefix=""'],
              body: events(['OPEN'], ['TEXT', 'c:{"type":"keep-alive","content":"p","timeout":10}']),
            }
          : '',
      );
      const client = await bench.open();
      await bench.pass(5000);
      bench.clock.setForward(ms);
      await bench.pass(5000);
      await client.count(1);
      assert.deepEqual(client.received, ['text p']);
    });

    it('does not change when a next link that failed is asked again', async () => {
      let asked = 0;
      const client = await ask((res, { url }) => {
        if (url === '/')
          hold(res, 'stream', 'ch', { body: '1', fields: ['Grip-Link: </next>; rel=next; timeout=30'] });
        else if (asked++ === 0) res.writeHead(503).end();
        else respond(res, { body: '2' });
      });
      await client.bodyWith('1');
      clock.advance(15_000);
      clock.setForward(ms);
      clock.advance(15_000);
      clock.advance(100);
      await eventually(() => asked === 1, 'a first question');
      clock.setForward(ms);
      await eventually(() => {
        clock.advance(1000);
        return asked === 2;
      }, 'a second question');
      assert.equal(String((await client.reply()).body), '12');
    });

    it('does not change how long an id is a duplicate', () => {
      const bench = new HubBench(clock);
      const { listener } = bench.subscribe('ch');
      bench.publish('ch', '1');
      clock.setForward(ms);
      clock.advance(59_999);
      bench.publish('ch', '1');
      assert.deepEqual(listener.got, ['1']);
      clock.advance(1);
      bench.publish('ch', '1');
      assert.deepEqual(listener.got, ['1', '1']);
    });

    it('does not change how long an item waits for the one before it', () => {
      const bench = new HubBench(clock);
      const { listener } = bench.subscribe('ch');
      bench.publish('ch', '1');
      bench.publish('ch', '3<2');
      clock.setForward(ms);
      clock.advance(4999);
      assert.deepEqual(listener.got, ['1']);
      clock.advance(1);
      assert.deepEqual(listener.got, ['1', '3']);
    });

    it('does not change how long history keeps an item', () => {
      const history = new History(readHistory({ channels: ['ch'] }), clock);
      const bench = new HubBench(clock, { history });
      bench.publish('ch', '1');
      clock.setForward(ms);
      clock.advance(299_999);
      assert.equal(history.stats().items, 1);
      clock.advance(1);
      assert.equal(history.stats().items, 0);
    });

    it('does not change how long recent items are kept', () => {
      const recent = new RecentItems(clock);
      recent.open('ch');
      clock.setForward(ms);
      clock.advance(59_999);
      recent.open('other');
      assert.equal(recent.keeps('ch'), true);
      clock.advance(1);
      recent.open('other');
      assert.equal(recent.keeps('ch'), false);
    });

    it('does not change how long a drain takes', async () => {
      const bench = new HubBench(clock);
      const listeners = Array.from({ length: 10 }, () => new Listener());
      for (const listener of listeners) bench.hub.addSession(listener);
      const drained = bench.hub.drain(10_000);
      const ended = (): number => listeners.filter((one) => one.ended === 'closed').length;
      for (let step = 0; step < 100; step++) clock.advance(50);
      clock.setForward(ms);
      clock.advance(50);
      assert.equal(ended(), 6);
      for (let step = 0; step < 99; step++) clock.advance(50);
      assert.equal(ended(), 10);
      await drained;
    });

    it('does not change when a client that takes nothing is given up', () => {
      const timers = new Timers(clock, unexpected);
      const backlog = new Backlog(1000, new StallWatch(60_000, timers, unexpected));
      let stalled = 0;
      const queue = { waitingBytes: 1, progress: 0, shed: assert.fail, stalled: () => stalled++ };
      backlog.update(queue);
      clock.setForward(ms);
      clock.advance(120_000);
      assert.equal(stalled, 1);
      backlog.remove(queue);
    });

    it('does not change when a slow client has caught up', () => {
      const streak = new SlowStreak(clock);
      for (let i = 0; i < 5; i++) streak.begin();
      streak.onHold();
      clock.setForward(ms);
      clock.advance(999);
      streak.onKeptUp();
      assert.equal(streak.isTooLong, true);
      clock.advance(1);
      streak.onKeptUp();
      assert.equal(streak.isTooLong, false);
    });

    it('does not change how long a publisher waits for the flush', async () => {
      const wait = new FlushWait(clock, unexpected);
      const slow = Object.assign(new Listener(), { given: 1, unsent: 1 });
      const bench = new HubBench(clock);
      bench.subscribe('ch', slow);
      const receipt = bench.publishItem({ channel: 'ch', formats: { 'http-stream': 'x' } }, wait);
      let result: Receipt | undefined;
      void wait.receipt(receipt, 100).then((given) => (result = given));
      clock.setForward(ms);
      for (let passed = 0; passed < 100; passed += 5) {
        assert.equal(result, undefined);
        clock.advance(5);
        await settle();
      }
      assert.equal(result?.queued, 1);
    });

    it('is the time of the tokens that origins get', async () => {
      const origin = await stage().origin((res) => res.end('x'));
      const server = await stage().proxy({ target: origin.url, clock });
      const client = await stage().client(server);
      const exps: number[] = [];
      for (const _ of [1, 2]) {
        client.request('GET /');
        await client.reply(exps.length);
        const token = String(origin.requests.at(-1)?.headers['grip-sig']);
        exps.push((decodeJwt(token).exp ?? 0) - clock.now() / 1000);
        clock.setForward(ms);
      }
      assert.deepEqual(exps, [3600, 3600]);
    });
  });
}

describe('a clock', () => {
  const stage = useStage();

  it("of the machine's does not follow its time of day", () => {
    const { now } = Date;
    const before = systemClock.monotonic?.() ?? Number.NaN;
    Date.now = () => now() - HOUR;
    try {
      const passed = (systemClock.monotonic?.() ?? Number.NaN) - before;
      assert(passed >= 0 && passed < 60_000, `${passed} ms`);
    } finally {
      Date.now = now;
    }
  });

  it('that tells only the time of day decides by that', async () => {
    const manual = new ManualClock();
    const clock: Clock = {
      now: () => manual.now(),
      random: () => manual.random(),
      setTimeout: (callback, ms) => manual.setTimeout(callback, ms),
      clearTimeout: (timer) => manual.clearTimeout(timer),
    };
    const origin = await stage().origin((res) => hold(res, 'response', 'ch', { body: 'nothing new' }));
    const server = await stage().proxy({ target: origin.url, clock });
    const client = await stage().client(server);
    client.request('GET /');
    await eventually(() => server.proxy.stats().sessions === 1, 'a hold');
    manual.advance(55_000);
    assert.equal(String((await client.reply()).body), 'nothing new');
  });

  it('that tells the time passed in some other way is refused', () => {
    const clock = Object.assign(new ManualClock(), { monotonic: 5 });
    assert.throws(() => new GripProxy({ clock: clock as unknown as Clock }), {
      code: 'GRIP_ERR_OPTION',
      message: /a method 'monotonic' is required/,
    });
  });
});
