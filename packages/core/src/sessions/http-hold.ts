import {
  type Channel,
  contentFilterMismatch,
  formatGripLast,
  type Instruct,
  type Item,
  shouldSkip,
} from '@p-8/protocol';
import type { ClientOwner } from '../http/client-response.js';
import type { HoldEnd, HoldInfo } from '../hub/hold-info.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { RecoveryCause, RecoveryEnd } from '../hub/recovery.js';
import { Subscription } from '../hub/session.js';
import type { Timer, TimerOwner } from '../timers.js';
import { type FilteringSession, FilterLine, type TurnOutcome } from './filter-line.js';
import { asksOrigin, FilterRun } from './filter-run.js';
import type { StreamRequest } from './held-request.js';
import type { FilterVerdict } from './http-filter.js';
import type { MissedItem } from './missed-items.js';
import { adviseOnChannels, adviseOnFilters, adviseOnLimit } from './subscription-advice.js';
import { Subscriptions } from './subscriptions.js';
import type { Updatable } from './update-limiter.js';

/** What the checks say of an item: it goes on, or what became of it. `missed`: items before it did not come. */
export type Verdict = 'pass' | 'missed' | 'filtered' | 'dropped';

/** What response holds and stream holds have in common: their subscriptions, and the checks that an item passes. */
export abstract class HttpHold implements FilteringSession, ClientOwner, TimerOwner, Updatable {
  protected abstract readonly mode: HoldInfo['mode'];
  protected abstract readonly request: StreamRequest;
  protected instruct: Instruct;
  protected readonly subscriptions: Subscriptions = new Subscriptions();
  /** Items that wait while filters are asked. Undefined: none has been asked yet. */
  #line: FilterLine | undefined;
  /** It is being brought up to date. */
  #recovers = false;
  /** Subscribes to nothing any more. */
  #left = false;
  /** The first instruct's: those of next links have none that counts. Source: Pushpin 1.41. */
  readonly #goneLink: string | undefined;

  protected constructor(instruct: Instruct) {
    this.instruct = instruct;
    this.#goneLink = instruct.goneLink;
  }

  info(): HoldInfo {
    return {
      mode: this.mode,
      uri: this.request.uri,
      channels: this.subscriptions.values().map(({ channel }) => channel),
    };
  }

  abstract readonly given: number;
  abstract readonly unsent: number;
  abstract readonly over: boolean;
  abstract deliver(published: PublishedItem, subscription: Subscription): Outcome;
  abstract takes(published: PublishedItem): boolean;
  abstract takeTurn(published: PublishedItem, subscription: Subscription, isLate?: boolean): TurnOutcome;
  abstract recover(cause: RecoveryCause): void;
  abstract close(): void;
  abstract abort(): void;
  abstract runUpdate(): void;
  /** Ends the hold because something went wrong; in debug mode the client sees what. */
  abstract fail(detail: string): void;
  abstract onClientGone(): void;
  abstract onClientDrained(): void;
  abstract onTimer(timer: Timer): void;

  /**
   * Subscribes to the instruct's channels, and to no others. Where a channel is kept, its id and filters are the new
   * ones. Returns the subscriptions that are new.
   */
  protected subscribe(): Subscription[] {
    const { hub, subscriptionsPerConnection, limits, warnings } = this.request.services;
    const { prefix, implicitChannels } = this.request;
    const wanted = new Map<string, Channel>();
    if (this.instruct.channels.length === 0)
      adviseOnChannels(warnings, this.instruct, implicitChannels, this.request.uri);
    for (const channel of this.instruct.channels) {
      if (channel.filters.length > 0) adviseOnFilters(warnings, channel.filters, channel.name);
      const name = prefix + channel.name;
      if (wanted.size < subscriptionsPerConnection || wanted.has(name)) wanted.set(name, channel);
      else {
        limits.reached('channels', { channel: name, uri: this.request.uri });
        adviseOnLimit(warnings, name, subscriptionsPerConnection, this.request.uri);
      }
    }
    for (const name of implicitChannels) {
      if (!wanted.has(name)) wanted.set(name, { name, prevId: undefined, filters: [] });
    }
    for (const subscription of this.subscriptions.values()) {
      if (wanted.has(subscription.channel)) continue;
      this.subscriptions.delete(subscription);
      hub.unsubscribe(subscription);
    }
    const added: Subscription[] = [];
    for (const [name, channel] of wanted) {
      // Whoever hears of a channel's first subscriber may have ended the hold.
      if (this.#left) break;
      const existing = this.subscriptions.get(name);
      if (existing === undefined) {
        added.push(this.#subscribeTo(name, channel));
      } else {
        existing.prevId = channel.prevId;
        existing.filters = channel.filters;
      }
      if (channel.prevId !== undefined) hub.keepRecent(name);
    }
    return added;
  }

  #subscribeTo(name: string, channel: Channel): Subscription {
    const subscription = new Subscription(this, channel.name, name, channel.prevId, channel.filters);
    this.subscriptions.add(subscription);
    this.request.services.hub.subscribe(subscription);
    return subscription;
  }

  /** Tells those who watch that the client is not held any more; and the origin, if it wants to know. */
  protected release(why: HoldEnd): void {
    const { services, uri } = this.request;
    this.endRecovery('ended');
    if (!services.hub.release(this, why) || this.#goneLink === undefined) return;
    this.request.sayGone(new URL(this.#goneLink, uri).href);
  }

  /** From now on gets each item by itself. */
  protected single(): void {
    for (const subscription of this.subscriptions.values()) this.request.services.hub.single(subscription);
  }

  protected unsubscribe(): void {
    this.#left = true;
    for (const subscription of this.subscriptions.values())
      this.request.services.hub.unsubscribe(subscription);
    this.subscriptions.clear();
  }

  /** Delivers items that the client lacks, before all that wait. `again`: the last one has to wait for its turn. */
  protected catchUp(missed: readonly MissedItem[]): Outcome | 'again' {
    this.beginRecovery('gap');
    this.endRecovery('recent');
    if (missed.some(({ subscription }) => asksOrigin(subscription.filters))) this.#line ??= this.#newLine();
    if (this.#line !== undefined) return this.#line.deliverLate(missed);
    let outcome: TurnOutcome;
    for (const { published, subscription } of missed) outcome = this.takeTurn(published, subscription, true);
    return outcome instanceof FilterRun ? undefined : outcome;
  }

  /** The client is to be brought up to date, unless it is being already. Whoever hears of it may end the hold. */
  protected beginRecovery(cause: RecoveryCause): void {
    if (this.#recovers) return;
    this.#recovers = true;
    this.request.services.hub.beginRecovery(this, cause);
  }

  protected endRecovery(end: RecoveryEnd): void {
    if (!this.#recovers) return;
    this.#recovers = false;
    this.request.services.hub.endRecovery(this, end);
  }

  /** `Grip-Last` fields that tell the origin what the client has. */
  protected gripLast(): string[] {
    const headers: string[] = [];
    for (const { name, prevId } of this.subscriptions.values()) {
      const value = prevId === undefined ? undefined : formatGripLast(name, prevId);
      if (value !== undefined) headers.push('Grip-Last', value);
    }
    return headers;
  }

  /** Delivers an item, or lets it wait until those before it are through. */
  protected deliverInTurn(published: PublishedItem, subscription: Subscription): Outcome | 'full' {
    if (this.#line !== undefined) return this.#line.deliver(published, subscription);
    const outcome = this.takeTurn(published, subscription);
    if (outcome === 'again') return 'queued';
    if (!(outcome instanceof FilterRun)) return outcome;
    this.#line = this.#newLine();
    return this.#line.deliver(published, subscription, outcome);
  }

  /** Items are taken in another way from now on: those that wait while filters are asked, too. */
  protected restartLine(): void {
    this.#line?.restart();
  }

  /** Gives up the items that wait while filters are asked. */
  protected closeLine(outcome: 'queued' | 'dropped'): void {
    this.#line?.close(outcome);
  }

  #newLine(): FilterLine {
    const { limits, services } = this.request;
    return new FilterLine(this, limits.queueBytes, services.onError);
  }

  /** An item's way through filters that ask the origin. */
  protected filterRun({ meta: itemMeta }: Item, content: Uint8Array, filters: readonly string[]): FilterRun {
    const source = {
      services: this.request.services,
      currentUri: this.currentUri,
      meta: this.instruct.meta,
      prevIdOf: (name: string) => this.prevIdOf(name),
      linkTo: (uri: string) => this.request.linkTo(uri, this.gripLast()),
    };
    return new FilterRun(source, { content, filters, itemMeta });
  }

  onVerdict(published: PublishedItem, subscription: Subscription, verdict: FilterVerdict): Outcome {
    const { item } = published;
    switch (verdict.action) {
      case 'send':
        return this.onFiltered(published, subscription, verdict.content);
      case 'drop':
        this.advance(item, subscription);
        return 'filtered';
      case 'fail':
        this.noteFilterError(item, verdict.detail);
        return 'dropped';
    }
  }

  /** Filters that were asked let an item pass, with this content. */
  protected abstract onFiltered(
    published: PublishedItem,
    subscription: Subscription,
    content: Uint8Array,
  ): Outcome;

  /** What URLs of filters are relative to. */
  protected get currentUri(): string {
    return this.request.uri;
  }

  /** Checks an item before its content is looked at: is it the next one, and do the filters let it through? */
  protected check(
    item: Item,
    subscription: Subscription,
    contentFilters: readonly string[] | undefined,
  ): Verdict {
    if (subscription.prevId !== undefined && item.prevId !== subscription.prevId) return 'missed';
    const { filters } = subscription;
    const mismatch = contentFilterMismatch(filters, contentFilters);
    if (mismatch !== undefined) {
      this.noteFilterError(item, mismatch);
      return 'filtered';
    }
    if (filters.length > 0 && this.#skips(item, filters)) {
      this.advance(item, subscription);
      return 'filtered';
    }
    return 'pass';
  }

  /** A filter cannot do its work on an item: only this item is lost, unless whoever debugs is to see it at once. */
  protected noteFilterError(item: Item, detail: string): void {
    this.request.services.logger.info({ channel: item.channel, uri: this.request.uri }, detail);
    if (this.request.debug) this.fail(detail);
  }

  /** The client has this item, or need not have it. */
  protected advance(item: Item, subscription: Subscription): void {
    if (subscription.prevId !== undefined) subscription.prevId = item.id;
  }

  /** The prev-id of a channel, by the name that the origin uses. */
  protected prevIdOf(name: string): string | undefined {
    return this.#subscriptionTo(name)?.prevId;
  }

  #skips({ meta }: Item, filters: readonly string[]): boolean {
    const isSubscribed = (name: string): boolean => this.#subscriptionTo(name) !== undefined;
    return shouldSkip(filters, this.instruct.meta, meta, isSubscribed);
  }

  #subscriptionTo(name: string): Subscription | undefined {
    return this.subscriptions.get(this.request.prefix + name);
  }
}
