import type { Item } from '@p-8/protocol';
import type { SteadyClock } from '../clock.js';
import type { Flusher } from '../http/flusher.js';
import type { OnError } from '../logger.js';
import type { Timers } from '../timers.js';
import { Channel, type ChannelServices } from './channel.js';
import { Drain } from './drain.js';
import { FirstSubscriptions } from './first-subscriptions.js';
import type { FlushWait } from './flush-wait.js';
import type { History } from './history.js';
import type { HoldEnd, HoldInfo } from './hold-info.js';
import { IdCache } from './id-cache.js';
import { LastIds } from './last-ids.js';
import { PublishedItem } from './published-item.js';
import { type Receipt, ReceiptCounter } from './receipt.js';
import { RecentItems } from './recent-items.js';
import type { RecoveryCause, RecoveryEnd } from './recovery.js';
import { Sequencer } from './sequencer.js';
import type { Session, Subscription } from './session.js';
import type { TableBudget } from './table-budget.js';

/** What a {@link Hub} needs to know. All times are milliseconds. */
export interface HubOptions {
  readonly clock: SteadyClock;
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly messageWait: number;
  readonly idCacheTtl: number;
  readonly lastIdsMax: number;
  /** Bounds what the hub remembers of items. @default nothing does */
  readonly tables?: TableBudget;
  /** Whether HTTP sessions ask their origins again, a little after the first subscription to a channel. */
  readonly updateOnFirstSubscription: boolean;
  /** Gets what subscribers get, also where there are none. */
  readonly history: History;
  /** Gets what a session throws; the others get the item all the same. */
  readonly onError: OnError;
  /** Hears of a channel's first subscriber, and of its last one leaving. */
  readonly onChannel: (event: 'subscribe' | 'unsubscribe', channel: string) => void;
  /** Hears of a session that holds its client from now on, and of one that does not any more. */
  readonly onHold: (session: Session) => void;
  readonly onRelease: (session: Session, why: HoldEnd) => void;
  /** Hears of a session that is to be brought up to date, and of how that has ended. */
  readonly onRecover: (session: Session, cause: RecoveryCause) => void;
  readonly onRecovered: (session: Session, end: RecoveryEnd) => void;
  /** Hears of an item that none of its channel's subscribers has taken. */
  readonly onUntaken: (item: Item, subscribers: Iterable<Subscription>) => void;
  /** Hears of each item. */
  readonly onItem: (item: Item, receipt: Receipt) => void;
}

/** Which sessions are subscribed to which channels, and the way of an item to them: duplicates, order, fan-out. */
export class Hub {
  readonly #channels = new Map<string, Channel>();
  readonly #channelServices: ChannelServices;
  readonly #sessions = new Set<Session>();
  /** Those of them that hold their clients: let in, and not being closed. */
  readonly #held = new Set<Session>();
  readonly #lastIds: LastIds;
  readonly #idCache: IdCache;
  readonly #sequencer: Sequencer;
  readonly #recent: RecentItems;
  readonly #firstSubscriptions: FirstSubscriptions | undefined;
  readonly #history: History;
  readonly #onChannel: HubOptions['onChannel'];
  readonly #onHold: HubOptions['onHold'];
  readonly #onRelease: HubOptions['onRelease'];
  readonly #onItem: HubOptions['onItem'];
  readonly #onUntaken: HubOptions['onUntaken'];
  readonly #onRecover: HubOptions['onRecover'];
  readonly #onRecovered: HubOptions['onRecovered'];
  readonly #onError: OnError;
  readonly #clock: SteadyClock;
  readonly #timers: Timers;
  /** Items that have been given to sessions. */
  #fannedOut = 0;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #drain: Drain | undefined;
  readonly #onEmpty: (() => void)[] = [];

  constructor(options: HubOptions) {
    this.#channelServices = options;
    const { tables } = options;
    this.#lastIds = new LastIds(options.lastIdsMax, tables);
    this.#idCache = new IdCache(options.idCacheTtl, options.clock, tables);
    this.#sequencer = new Sequencer(
      this.#lastIds,
      options.timers,
      options.messageWait,
      (item) => this.#fanOut(item),
      tables,
    );
    this.#recent = new RecentItems(options.clock, tables);
    this.#firstSubscriptions = options.updateOnFirstSubscription
      ? new FirstSubscriptions(options.timers, (channel) => this.#recoverChannel(channel))
      : undefined;
    this.#history = options.history;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#onChannel = options.onChannel;
    this.#onHold = options.onHold;
    this.#onRelease = options.onRelease;
    this.#onItem = options.onItem;
    this.#onUntaken = options.onUntaken;
    this.#onRecover = options.onRecover;
    this.#onRecovered = options.onRecovered;
    this.#onError = options.onError;
  }

  /** How many channels have subscribers. */
  get channelCount(): number {
    return this.#channels.size;
  }

  /** How many sessions are open. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** How many sessions are subscribed to `channel`. */
  subscriberCount(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  /** Whether no more sessions are to be made. */
  get closed(): boolean {
    return this.#state !== 'open';
  }

  /** Whether clients that would be held are to get what there is for them now, and come back to somebody else. */
  get draining(): boolean {
    return this.#state === 'draining';
  }

  addSession(session: Session): void {
    this.#sessions.add(session);
  }

  removeSession(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    for (const tell of this.#onEmpty.splice(0)) tell();
  }

  /** The session holds its client from now on. */
  hold(session: Session): void {
    this.#held.add(session);
    this.#onHold(session);
  }

  /**
   * The session does not hold its client any more, if it ever did. It says so when nothing can be done to it, since whoever
   * hears of it may publish, and while it still has its channels.
   * @returns whether it held its client
   */
  release(session: Session, why: HoldEnd): boolean {
    const held = this.#held.delete(session);
    if (held) this.#onRelease(session, why);
    return held;
  }

  /** The session is to be brought up to date; each time is followed by {@link Hub.endRecovery}. */
  beginRecovery(session: Session, cause: RecoveryCause): void {
    this.#onRecover(session, cause);
  }

  endRecovery(session: Session, end: RecoveryEnd): void {
    this.#onRecovered(session, end);
  }

  /** What is held at the moment. */
  holds(): HoldInfo[] {
    return [...this.#held].map((session) => session.info());
  }

  /** Resolves when no session is left; those that are left after `ms` milliseconds are cut. */
  async emptied(ms: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onEmpty.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    for (const session of [...this.#sessions]) session.abort();
  }

  subscribe(subscription: Subscription): void {
    const { channel } = subscription;
    const existing = this.#channels.get(channel);
    if (existing !== undefined) {
      existing.add(subscription);
      return;
    }
    const first = new Channel(this.#channelServices);
    first.add(subscription);
    this.#channels.set(channel, first);
    this.#firstSubscriptions?.add(channel);
    this.#onChannel('subscribe', channel);
  }

  unsubscribe(subscription: Subscription): void {
    const { channel } = subscription;
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined || !subscribers.delete(subscription) || subscribers.size > 0) return;
    this.#channels.delete(channel);
    // History still wants what waits, and in its order.
    if (!this.#history.covers(channel)) this.#sequencer.forget(channel);
    this.#firstSubscriptions?.remove(channel);
    this.#onChannel('unsubscribe', channel);
  }

  /** The session is about to do something else with items than to send them as they are: it gets what waits, and from now on each by itself. */
  single(subscription: Subscription): void {
    this.#channels.get(subscription.channel)?.single(subscription);
  }

  /** Id of the last item of a channel, as far as it is known. */
  lastId(channel: string): string | undefined {
    return this.#lastIds.get(channel);
  }

  forgetLastId(channel: string): void {
    this.#lastIds.forget(channel);
  }

  /** A channel's items are numbered, and a subscriber knows which one it has: the next ones are kept for a while. */
  keepRecent(channel: string): void {
    this.#recent.open(channel);
  }

  /** What a subscriber that has the item `id` lacks, in order, the last item included; undefined: not known here. */
  recentAfter(channel: string, id: string): readonly PublishedItem[] | undefined {
    return this.#recent.after(channel, id);
  }

  /** @param wait hears of the sessions that have taken the item */
  publish(item: Item, wait?: FlushWait): Receipt {
    const receipt = this.#publish(item, wait);
    this.#onItem(item, receipt);
    return receipt;
  }

  /** Every session asks its origin again, as after an outage of the publishers. */
  recover(): void {
    this.#lastIds.clear();
    this.#recent.clear();
    for (const session of [...this.#sessions]) session.recover('command');
  }

  #recoverChannel(channel: string): void {
    for (const { session } of [...(this.#channels.get(channel) ?? [])]) session.recover('command');
  }

  /**
   * Holds no more clients, and ends those that are held, evenly over `ms` milliseconds. Resolves when the last one has been
   * told so. A second call with 0 ends those that are left at once.
   */
  async drain(ms: number): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'draining';
    if (this.#drain !== undefined) {
      if (ms === 0) this.#drain.hurry();
      return;
    }
    this.#drain = new Drain(this.#sessions, this.#clock, this.#timers, (session, error) => {
      this.#onError(error);
      session.abort();
    });
    await this.#drain.run(ms);
  }

  /** Takes nobody in any more, and ends all that is left. */
  close(): void {
    void this.drain(0);
    this.#state = 'closed';
  }

  #publish(item: Item, wait: FlushWait | undefined): Receipt {
    if (this.#idCache.isDuplicate(item.channel, item.id)) return NOBODY;
    if (!this.#channels.has(item.channel) && !this.#history.covers(item.channel)) {
      // Remembered without subscribers too: a hold that comes with an older id then knows that it has missed something.
      if (!item.noSeq) this.#lastIds.set(item.channel, item.id);
      if (this.#recent.keeps(item.channel)) this.#recent.add(new PublishedItem(item));
      return NOBODY;
    }
    const turn = this.#sequencer.submit(item);
    if (turn === 'waiting') return this.#wouldReach(item, 'queued');
    if (turn === 'rejected') {
      // Its publisher, who can see that it was given up, may try again.
      this.#idCache.forget(item.channel, item.id);
      return this.#wouldReach(item, 'dropped');
    }
    if (item.noSeq) return this.#fanOut(item, wait);
    this.#lastIds.set(item.channel, item.id);
    const receipt = this.#fanOut(item, wait);
    this.#sequencer.releaseFollowers(item);
    return receipt;
  }

  #fanOut(item: Item, wait?: FlushWait): Receipt {
    this.#history.keep(item);
    const published = new PublishedItem(item);
    this.#recent.add(published);
    published.number = ++this.#fannedOut;
    const channel = this.#channels.get(item.channel);
    if (channel === undefined) return NOBODY;
    const receipt = channel.fanOut(published, wait);
    if (receipt.matched === 0) this.#onUntaken(item, channel);
    return receipt;
  }

  #wouldReach(item: Item, outcome: 'queued' | 'dropped'): Receipt {
    const published = new PublishedItem(item);
    const counter = new ReceiptCounter();
    for (const { session } of this.#channels.get(item.channel) ?? []) {
      if (session.takes(published)) counter.count(outcome);
    }
    return counter.receipt();
  }
}

const NOBODY: Receipt = Object.freeze({ matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 });
