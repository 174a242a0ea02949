import type { Hub } from '../hub/hub.js';
import type { PublishedItem } from '../hub/published-item.js';
import type { Subscription } from '../hub/session.js';

/** An item that a session lacks, and that is known here. */
export interface MissedItem {
  readonly published: PublishedItem;
  readonly subscription: Subscription;
}

/**
 * What has been published since the origin answered: the last id of a new channel is not the one that the origin knew.
 * `unknown`: something that is not known here. Such last ids are forgotten, so that the origin's next answer counts, whatever it
 * says.
 */
export function missedSinceAnswer(
  hub: Hub,
  added: readonly Subscription[],
): readonly MissedItem[] | 'unknown' {
  const missed: MissedItem[] = [];
  let unknown = false;
  for (const subscription of added) {
    const { channel, prevId } = subscription;
    if (prevId === undefined) continue;
    const lastId = hub.lastId(channel);
    if (lastId === undefined || lastId === prevId) continue;
    const recent = hub.recentAfter(channel, prevId);
    if (recent?.at(-1)?.item.id === lastId) {
      for (const published of recent) missed.push({ published, subscription });
    } else {
      hub.forgetLastId(channel);
      unknown = true;
    }
  }
  return unknown ? 'unknown' : missed;
}

/** All that a session lacks of its numbered channels, since it was dropped; undefined: not known here. */
export function missedSinceDrop(
  hub: Hub,
  subscriptions: Iterable<Subscription>,
): readonly MissedItem[] | undefined {
  const missed: MissedItem[] = [];
  for (const subscription of subscriptions) {
    const { channel, prevId } = subscription;
    if (prevId === undefined || hub.lastId(channel) === prevId) continue;
    const recent = hub.recentAfter(channel, prevId);
    if (recent === undefined) return undefined;
    for (const published of recent) missed.push({ published, subscription });
  }
  return missed;
}

/** Whether all that a session lacks of a channel, up to and with its newest item, is known here. */
export function isAllKnown(hub: Hub, newest: PublishedItem, { channel, prevId }: Subscription): boolean {
  return prevId !== undefined && hub.recentAfter(channel, prevId)?.at(-1) === newest;
}

/**
 * What a session lacks of a channel, up to and with an item that does not connect. Undefined: not known here; the last id is
 * forgotten then, so that the origin's next answer counts.
 */
export function missedUpTo(
  hub: Hub,
  published: PublishedItem,
  subscription: Subscription,
): readonly MissedItem[] | undefined {
  const { channel, prevId } = subscription;
  const recent = prevId === undefined ? [] : (hub.recentAfter(channel, prevId) ?? []);
  // While it waited for its turn, newer ones may have come.
  const end = recent.indexOf(published);
  if (end === -1) {
    hub.forgetLastId(channel);
    return undefined;
  }
  return recent.slice(0, end + 1).map((each) => ({ published: each, subscription }));
}
