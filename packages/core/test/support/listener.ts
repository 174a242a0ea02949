import assert from 'node:assert/strict';
import { expandFormats, type ItemInput, parseItem } from '@p-8/protocol';
import type { ManualClock } from '../../../../test/support/manual-clock.js';
import { readHistory } from '../../src/history-settings.js';
import { Flusher } from '../../src/http/flusher.js';
import type { FlushWait } from '../../src/hub/flush-wait.js';
import { History } from '../../src/hub/history.js';
import type { HoldInfo } from '../../src/hub/hold-info.js';
import { Hub, type HubOptions } from '../../src/hub/hub.js';
import type { PublishedItem } from '../../src/hub/published-item.js';
import type { Outcome, Receipt } from '../../src/hub/receipt.js';
import { type Session, Subscription } from '../../src/hub/session.js';
import { Timers } from '../../src/timers.js';

/** A session that notes what it gets. */
export class Listener implements Session {
  /** Contents of items, in the order in which they came. */
  readonly got: string[] = [];
  outcome: Outcome = 'delivered';
  recoveries = 0;
  ended: 'closed' | 'aborted' | undefined;
  /** Called for each item. */
  onItem: (() => void) | undefined;

  deliver({ item }: PublishedItem): Outcome {
    if (item.httpStream?.action === 'send') this.got.push(Buffer.from(item.httpStream.content).toString());
    this.onItem?.();
    return this.outcome;
  }

  takes({ item }: PublishedItem): boolean {
    return item.httpStream !== undefined;
  }

  readonly given = 0;
  readonly unsent = 0;
  readonly over = false;

  info(): HoldInfo {
    return { mode: 'stream', uri: 'http://example.com/', channels: [] };
  }

  recover(): void {
    this.recoveries++;
  }

  close(): void {
    this.ended = 'closed';
  }

  abort(): void {
    this.ended = 'aborted';
  }
}

/** A hub with listeners, and a short way to publish to it. */
export class HubBench {
  readonly hub: Hub;
  readonly timers: Timers;
  readonly events: string[] = [];
  readonly errors: unknown[] = [];

  constructor(clock: ManualClock, options: Partial<HubOptions> = {}) {
    const onError = (error: unknown): unknown => this.errors.push(error);
    this.timers = new Timers(clock, onError);
    this.hub = new Hub({
      clock,
      timers: this.timers,
      flusher: new Flusher(onError),
      messageWait: 5000,
      idCacheTtl: 60_000,
      lastIdsMax: 1000,
      history: new History(readHistory(undefined), clock),
      onError,
      onChannel: (event, channel) => this.events.push(`${event} ${channel}`),
      updateOnFirstSubscription: false,
      onHold: () => undefined,
      onRelease: () => undefined,
      onRecover: () => undefined,
      onRecovered: () => undefined,
      onUntaken: () => undefined,
      onItem: () => undefined,
      ...options,
    });
  }

  /** Subscribes to `channel`. */
  subscribe(channel: string, listener: Listener = new Listener()): { listener: Listener; leave: () => void } {
    const subscription = new Subscription(listener, channel, channel, undefined, []);
    this.hub.subscribe(subscription);
    return { listener, leave: () => this.hub.unsubscribe(subscription) };
  }

  /** Publishes an item written as `id<prevId`, either of which may be missing; its content is its id, or `-`. */
  publish(channel: string, text: string, more: Partial<ItemInput> = {}): Receipt {
    const [id = '', prevId] = text.split('<');
    return this.publishItem({
      channel,
      ...(id === '' ? {} : { id }),
      ...(prevId === undefined ? {} : { 'prev-id': prevId }),
      ...more,
      formats: more.formats ?? { 'http-stream': id === '' ? '-' : id },
    });
  }

  /** Publishes an item. @param wait hears of the sessions that have taken it */
  publishItem(input: ItemInput, wait?: FlushWait): Receipt {
    const item = parseItem({ ...input, formats: expandFormats(input.formats) });
    assert(item.ok);
    return this.hub.publish(item.value, wait);
  }
}
