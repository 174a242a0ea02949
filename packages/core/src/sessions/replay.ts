import type { Item } from '@p-8/protocol';
import type { KeptItem } from '../hub/channel-history.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Subscription } from '../hub/session.js';
import type { SessionServices } from './held-request.js';

/** A client that comes back, as one of its kind takes what it has missed. */
export interface Returning {
  /** For logs. */
  readonly uri: string;
  /** The bytes that it can be sent at once without being taken for slow. */
  room(): number;
  /** Bytes that an item takes as this kind of client gets it; undefined: it gets nothing of it. */
  bytesOf(item: Item): number | undefined;
  /** Sends it an item, as one that has just been published. */
  deliver(published: PublishedItem, subscription: Subscription): void;
  /** Tells it that something of a channel is missing; the name is the origin's. */
  sendGap(channel: string): void;
}

/**
 * Sends a client what it has missed since the item of this id, of all these channels in one order; where that is not known
 * any more, or more than the client can be sent at once, it is told of a gap. When this returns, nothing newer has been kept.
 */
export function replay(
  services: SessionServices,
  lastId: string,
  subscriptions: readonly Subscription[],
  client: Returning,
): void {
  const { history } = services;
  let left = subscriptions;
  let place = history.find(lastId, channelsOf(left));
  // Whoever hears of what we do, such as another client's end, may publish.
  for (;;) {
    const from = place;
    const whole = left.filter(({ channel }) => from !== undefined && history.reaches(channel, from));
    const missed = from === undefined ? [] : history.after(from, channelsOf(whole));
    const fits = sum(missed, client) <= client.room();
    for (const subscription of left) {
      if (fits && whole.includes(subscription)) continue;
      tellGap(services, lastId, subscription, client);
    }
    const newest = missed.at(-1);
    if (!fits || newest === undefined) return;
    left = whole;
    place = newest.number;
    deliverAll(missed, left, client);
  }
}

function deliverAll(
  missed: readonly KeptItem[],
  subscriptions: readonly Subscription[],
  client: Returning,
): void {
  const byChannel = new Map(subscriptions.map((subscription) => [subscription.channel, subscription]));
  for (const kept of missed) {
    const subscription = byChannel.get(kept.item.channel);
    if (subscription === undefined || client.bytesOf(kept.item) === undefined) continue;
    client.deliver(kept.published, subscription);
  }
}

function tellGap(
  { history, logger }: SessionServices,
  lastId: string,
  { name, channel }: Subscription,
  client: Returning,
): void {
  history.countGap();
  logger.info({ uri: client.uri, channel, lastId }, 'history does not have what a client has missed');
  client.sendGap(name);
}

function channelsOf(subscriptions: readonly Subscription[]): string[] {
  return subscriptions.map(({ channel }) => channel);
}

function sum(missed: readonly KeptItem[], client: Returning): number {
  return missed.reduce((bytes, { item }) => bytes + (client.bytesOf(item) ?? 0), 0);
}
