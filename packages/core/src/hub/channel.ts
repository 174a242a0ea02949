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

/** An item on its way to those who are subscribed. */
interface Delivery {
  readonly published: PublishedItem;
  /** Hears of the sessions that have taken it. */
  readonly wait: FlushWait | undefined;
  readonly counter: ReceiptCounter;
  /** Those who get their items together get this one so, too. */
  readonly together: boolean;
  /** They have been given it, or will be with the others. */
  isShared: boolean;
  /** Who is still to get it by itself. */
  readonly receivers: Iterator<Subscription>;
}

/** Who is subscribed to one channel: most may get its items together, the others get each by itself. */
export class Channel {
  readonly #services: ChannelServices;
  readonly #others = new Set<Subscription>();
  #broadcast: Broadcast | undefined;
  /** The oldest first: whoever gets an item may publish. */
  readonly #deliveries: Delivery[] = [];

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
    if (!this.#broadcast?.has(subscription)) return;
    // First, since what it gets now may have it publish.
    this.#others.add(subscription);
    this.#broadcast.leave(subscription);
  }

  /** Gives an item to all. @param wait hears of the sessions that have taken it */
  fanOut(published: PublishedItem, wait: FlushWait | undefined): Receipt {
    const counter = new ReceiptCounter();
    const format = published.item.httpStream;
    const together = wait === undefined && format?.action === 'send' && format.contentFilters === undefined;
    const receivers = this.#receivers(published, together);
    const delivery = { published, wait, counter, together, isShared: false, receivers };
    this.#deliveries.push(delivery);
    // Everybody gets everything in the same order: so those before it come to their end first.
    for (const one of this.#deliveries.slice()) this.#carryOut(one);
    this.#deliveries.splice(this.#deliveries.indexOf(delivery), 1);
    return counter.receipt();
  }

  #carryOut(delivery: Delivery): void {
    const { receivers } = delivery;
    this.#share(delivery);
    for (let next = receivers.next(); !next.done; next = receivers.next())
      this.#deliver(next.value, delivery);
  }

  #share(delivery: Delivery): void {
    const { published, together, counter } = delivery;
    // Whoever is given what comes before may publish, and so bring this one on its way.
    if (!delivery.isShared) this.#broadcast?.makeRoom(together ? published.streamChunk.size : Infinity);
    if (delivery.isShared) return;
    delivery.isShared = true;
    if (together && this.#broadcast !== undefined) counter.count('delivered', this.#broadcast.add(published));
  }

  *#receivers({ number, item }: PublishedItem, together: boolean): Generator<Subscription> {
    if (this.#broadcast !== undefined && !together && item.httpStream !== undefined) {
      for (const subscription of this.#broadcast) if (subscription.lastTaken < number) yield subscription;
    }
    // A session may come or leave while we are at it, or want its items by itself from now on; a Set allows that.
    for (const subscription of this.#others) if (subscription.lastTaken < number) yield subscription;
  }

  #deliver(subscription: Subscription, { published, wait, counter }: Delivery): void {
    const { session } = subscription;
    subscription.lastTaken = published.number;
    let outcome: Outcome;
    try {
      outcome = session.deliver(published, subscription);
      if (wait !== undefined && (outcome === 'delivered' || outcome === 'queued'))
        wait.add(session, published);
    } catch (error) {
      this.#services.onError(error);
      session.abort();
      outcome = 'dropped';
    }
    counter.count(outcome);
    if (outcome === 'delivered' && this.size >= MIN_BROADCAST) this.#letJoin(subscription);
  }

  #letJoin(subscription: Subscription): void {
    if (!subscription.session.isPlain?.(subscription) || !this.#others.delete(subscription)) return;
    this.#broadcast ??= new Broadcast(this.#services.flusher, this.#services.onError);
    this.#broadcast.join(subscription);
  }
}
