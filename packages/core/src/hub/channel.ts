import type { Flusher } from '../http/flusher.js';
import type { OnError } from '../logger.js';
import { Broadcast } from './broadcast.js';
import type { FlushWait } from './flush-wait.js';
import type { PublishedItem } from './published-item.js';
import { type Outcome, type Receipt, ReceiptCounter } from './receipt.js';
import type { Subscription } from './session.js';

/** With fewer subscribers, to give each its items by itself costs less than to tell who need not be looked at. */
const MIN_BROADCAST = 8;

/** What all channels of a hub share. */
export interface ChannelServices {
  readonly flusher: Flusher;
  /** Gets what a session throws; the others get the item all the same. */
  readonly onError: OnError;
}

/** Who is subscribed to one channel: most get its items together, the others each by itself. */
export class Channel {
  readonly #services: ChannelServices;
  readonly #others = new Set<Subscription>();
  #broadcast: Broadcast | undefined;
  /** Items that are on their way: whoever gets one may publish. */
  #depth = 0;

  constructor(services: ChannelServices) {
    this.#services = services;
  }

  get size(): number {
    return this.#others.size + (this.#broadcast?.size ?? 0);
  }

  *[Symbol.iterator](): IterableIterator<Subscription> {
    if (this.#broadcast !== undefined) yield* this.#broadcast;
    yield* this.#others;
  }

  add(subscription: Subscription): void {
    this.#others.add(subscription);
  }

  /** False: it was not subscribed. */
  delete(subscription: Subscription): boolean {
    this.single(subscription);
    return this.#others.delete(subscription);
  }

  /** The session is about to do something else with items than to send them as they are: from now on it gets each by itself. */
  single(subscription: Subscription): void {
    if (this.#broadcast?.leave(subscription)) this.#others.add(subscription);
  }

  /** Gives an item to all. @param wait hears of the sessions that have taken it */
  fanOut(published: PublishedItem, wait: FlushWait | undefined): Receipt {
    const counter = new ReceiptCounter();
    this.#depth++;
    try {
      if (this.#broadcast !== undefined) this.#fanOutTogether(this.#broadcast, published, wait, counter);
      // A session may leave while we are at it; a Set allows that.
      for (const subscription of this.#others) {
        // Some have just had it together with others.
        if (subscription.lastTaken < published.number) this.#deliver(published, subscription, wait, counter);
      }
    } finally {
      this.#depth--;
    }
    return counter.receipt();
  }

  #fanOutTogether(
    broadcast: Broadcast,
    published: PublishedItem,
    wait: FlushWait | undefined,
    counter: ReceiptCounter,
  ): void {
    const format = published.item.httpStream;
    if (format === undefined) return;
    if (wait === undefined && format.action === 'send' && format.contentFilters === undefined) {
      counter.count('delivered', broadcast.add(published));
      return;
    }
    broadcast.flush();
    for (const subscription of [...broadcast]) {
      // It may have left, and have been let go of, since.
      if (!broadcast.has(subscription) && !this.#others.has(subscription)) continue;
      subscription.lastTaken = published.number;
      this.#deliver(published, subscription, wait, counter);
    }
  }

  #deliver(
    published: PublishedItem,
    subscription: Subscription,
    wait: FlushWait | undefined,
    counter: ReceiptCounter,
  ): void {
    const { session } = subscription;
    const outcome = this.#outcome(published, subscription);
    counter.count(outcome);
    if (wait !== undefined && (outcome === 'delivered' || outcome === 'queued')) wait.add(session, published);
    if (outcome === 'delivered' && this.size >= MIN_BROADCAST) this.#letJoin(subscription, published);
  }

  #outcome(published: PublishedItem, subscription: Subscription): Outcome {
    const { session } = subscription;
    try {
      return session.deliver(published, subscription);
    } catch (error) {
      this.#services.onError(error);
      session.abort();
      return 'dropped';
    }
  }

  /** Only while one item is on its way: with a newer one it would have missed those that have not come to it yet. */
  #letJoin(subscription: Subscription, { number }: PublishedItem): void {
    if (this.#depth > 1 || !subscription.session.isPlain?.(subscription)) return;
    if (!this.#others.delete(subscription)) return;
    subscription.lastTaken = number;
    this.#broadcast ??= new Broadcast(this.#services.flusher, this.#services.onError);
    this.#broadcast.join(subscription);
  }
}
