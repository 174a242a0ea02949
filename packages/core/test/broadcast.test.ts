import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { StreamChunk } from '../src/http/stream-chunk.js';
import { FlushWait } from '../src/hub/flush-wait.js';
import type { PublishedItem } from '../src/hub/published-item.js';
import type { Outcome } from '../src/hub/receipt.js';
import { Subscription } from '../src/hub/session.js';
import { HubBench, Listener } from './support/listener.js';

/** So many that their items come together. */
const MANY = 10;

/** A listener that takes several items at once, unless it is told to look at each. */
class PlainListener extends Listener {
  plain = true;
  /** Calls that brought items, of either kind. */
  calls = 0;
  fails = false;

  isPlain(): boolean {
    return this.plain;
  }

  override deliver(published: PublishedItem): Outcome {
    this.calls++;
    const outcome = super.deliver(published);
    this.got.splice(0, this.got.length, ...this.got.map((text) => text.trim()));
    return outcome;
  }

  takeBatch(chunk: StreamChunk): void {
    this.calls++;
    if (this.fails) throw new Error('broken');
    this.got.push(...Buffer.from(chunk.content).toString().split(' ').filter(Boolean));
    this.onItem?.();
  }
}

describe('Items of a channel with many streams', () => {
  let bench: HubBench;
  let listeners: PlainListener[];
  let subscriptions: Subscription[];
  beforeEach(() => {
    bench = new HubBench(new ManualClock());
    listeners = Array.from({ length: MANY }, () => new PlainListener());
    subscriptions = listeners.map(subscribe);
  });

  function subscribe(listener: Listener): Subscription {
    const subscription = new Subscription(listener, 'ch', 'ch', undefined, []);
    bench.hub.subscribe(subscription);
    return subscription;
  }

  function publish(number: number): number {
    return bench.publish('ch', '', { formats: { 'http-stream': `${number} ` } }).delivered;
  }

  function contents(count: number): string[] {
    return Array.from({ length: count }, (_, index) => String(index + 1));
  }

  /** The first item goes to each by itself. */
  async function settle(): Promise<void> {
    publish(0);
    await nextTurn();
    for (const listener of listeners) {
      listener.calls = 0;
      listener.got.length = 0;
    }
  }

  it('reach each of them once a turn, however many they are', async () => {
    await settle();
    for (let number = 1; number <= 5; number++) assert.equal(publish(number), MANY);
    assert.deepEqual(
      listeners.map(({ calls }) => calls),
      Array(MANY).fill(0),
    );
    await nextTurn();
    for (const { calls, got } of listeners) {
      assert.equal(calls, 1);
      assert.deepEqual(got, contents(5));
    }
  });

  it('are the same bytes for all', async () => {
    await settle();
    const chunks = new Set<Uint8Array>();
    for (const listener of listeners) listener.takeBatch = (chunk) => chunks.add(chunk.framed);
    publish(1);
    publish(2);
    await nextTurn();
    assert.equal(chunks.size, 1);
    assert.equal(String([...chunks][0]), '2\r\n1 \r\n2\r\n2 \r\n');
  });

  it('come before what a stream does next, when it is to have them one by one', async () => {
    await settle();
    const [first] = subscriptions;
    assert(first !== undefined);
    publish(1);
    listeners[0]?.got.push('before');
    bench.hub.single(first);
    assert.deepEqual(listeners[0]?.got, ['before', '1']);
    publish(2);
    assert.deepEqual(listeners[0]?.got, ['before', '1', '2']);
    await nextTurn();
    assert.deepEqual(listeners[0]?.got, ['before', '1', '2']);
    assert.deepEqual(listeners[1]?.got, contents(2));
  });

  it('do not come to who has left, nor from before somebody came', async () => {
    await settle();
    publish(1);
    const late = new PlainListener();
    subscribe(late);
    const [first] = subscriptions;
    assert(first !== undefined);
    bench.hub.unsubscribe(first);
    assert.equal(publish(2), MANY);
    await nextTurn();
    assert.deepEqual(listeners[0]?.got, ['1']);
    assert.deepEqual(late.got, ['2']);
    publish(3);
    await nextTurn();
    assert.deepEqual(late.got, ['2', '3']);
  });

  it('go out before the end of the turn when they are many bytes', async () => {
    await settle();
    const large = `${'x'.repeat(40_000)} `;
    for (let i = 0; i < 3; i++) bench.publish('ch', '', { formats: { 'http-stream': large } });
    assert.equal(listeners[0]?.calls, 2);
    await nextTurn();
    assert.equal(listeners[0]?.got.length, 3);
  });

  it('come one by one where a publisher waits until they have left', async () => {
    await settle();
    publish(1);
    const wait = new FlushWait(new ManualClock(), (error) => assert.fail(String(error)));
    const item = { channel: 'ch', formats: { 'http-stream': '2 ' } };
    bench.publishItem(item, wait);
    assert.deepEqual(listeners[0]?.got, ['1', '2']);
    publish(3);
    await nextTurn();
    assert.deepEqual(listeners[0]?.got, ['1', '2', '3']);
  });

  it('come one by one where they are more than content', async () => {
    await settle();
    publish(1);
    bench.publish('ch', '', { formats: { 'http-stream': { action: 'hint' } } });
    assert.deepEqual(
      listeners.map(({ calls }) => calls),
      Array(MANY).fill(2),
    );
  });

  it('of another kind are not for them', async () => {
    await settle();
    assert.equal(bench.publish('ch', '', { formats: { 'ws-message': 'x' } }).matched, 0);
  });

  it('that one of them fails to take reach the others', async () => {
    await settle();
    const [first] = listeners;
    assert(first !== undefined);
    first.fails = true;
    publish(1);
    await nextTurn();
    assert.equal(first.ended, 'aborted');
    assert.equal(bench.errors.length, 1);
    for (const { got } of listeners.slice(1)) assert.deepEqual(got, ['1']);
  });

  it('come once and in order, whoever leaves, comes, or wants them one by one', async () => {
    const step = fc.constantFrom('publish', 'turn', 'single', 'leave', 'come', 'plain');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(MANY - 1)), { maxLength: 60 }), async (steps) => {
        bench = new HubBench(new ManualClock());
        const parties = listeners.map((_, index) => new Party(`ch-${index % 2}`));
        let number = 0;
        for (const [what, index] of steps) {
          const party = parties[index];
          assert(party !== undefined);
          if (what === 'publish') {
            number++;
            for (const one of parties) one.expect(number);
            for (const channel of ['ch-0', 'ch-1'])
              bench.publish(channel, '', { formats: { 'http-stream': `${number} ` } });
          } else if (what === 'turn') await nextTurn();
          else if (what === 'plain') party.listener.plain = true;
          else if (what === 'single') {
            bench.hub.single(party.subscription);
            party.listener.plain = false;
          } else if (what === 'leave') party.leave();
          else party.come();
        }
        await nextTurn();
        for (const { listener, expected } of parties) assert.deepEqual(listener.got, expected);
      }),
    );
  });

  it('come once and in order, though whoever gets one publishes, and has others get theirs one by one', async () => {
    const deed = fc.record({
      at: fc.nat(MANY - 1),
      what: fc.constantFrom('publish', 'single', 'large'),
      on: fc.nat(MANY - 1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 12 }), fc.nat(5), async (deeds, items) => {
        bench = new HubBench(new ManualClock());
        const parties = listeners.map(() => new Party('ch-x'));
        let number = 0;
        const expected: string[] = [];
        const send = (padding = 0): void => {
          number++;
          expected.push(String(number));
          const text = `${' '.repeat(padding)}${number} `;
          bench.publish('ch-x', '', { formats: { 'http-stream': text } });
        };
        const left = [...deeds];
        parties.forEach((party, index) => {
          party.listener.onItem = () => {
            const next = left.find(({ at }) => at === index);
            if (next === undefined) return;
            left.splice(left.indexOf(next), 1);
            const other = parties[next.on];
            if (next.what === 'single' && other !== undefined) bench.hub.single(other.subscription);
            else send(next.what === 'large' ? 70_000 : 0);
          };
        });
        for (let i = 0; i < items; i++) {
          send();
          if (i % 2 === 0) await nextTurn();
        }
        while (left.length > 0 && number < 100) {
          const before = left.length;
          send();
          await nextTurn();
          await nextTurn();
          if (left.length === before) break;
        }
        await nextTurn();
        await nextTurn();
        for (const { listener } of parties) assert.deepEqual(listener.got, expected);
      }),
    );
  });

  /** A listener that comes and goes, and what it should have got. */
  class Party {
    readonly listener = new PlainListener();
    readonly expected: string[] = [];
    readonly channel: string;
    subscription: Subscription;
    #isThere = false;

    constructor(channel: string) {
      this.channel = channel;
      this.subscription = new Subscription(this.listener, channel, channel, undefined, []);
      this.come();
    }

    expect(number: number): void {
      if (this.#isThere) this.expected.push(String(number));
    }

    come(): void {
      if (this.#isThere) return;
      this.#isThere = true;
      this.subscription = new Subscription(this.listener, this.channel, this.channel, undefined, []);
      bench.hub.subscribe(this.subscription);
    }

    leave(): void {
      if (this.#isThere) bench.hub.unsubscribe(this.subscription);
      this.#isThere = false;
    }
  }
});
