import { AssertionError } from 'node:assert';
import { describeHeld, type Held, type HoldQuery, matchingHolds } from './held.js';
import { describeReceipt, type PublishedItem } from './item-route.js';
import type { Timeline } from './timeline.js';

/** Which connections must be held, and how many. */
export interface ExpectedHolds extends HoldQuery {
  /** @default at least one */
  readonly count?: number;
}

/** Which item is meant, and how many are to have it. */
export interface DeliveryQuery {
  /** @default the last item of the channel */
  readonly id?: string;
  /** How many connections it must have been delivered to. @default at least one */
  readonly to?: number;
}

/** @throws AssertionError with the timeline where other connections are held than `expected` says. */
export function expectHeld(holds: readonly Held[], expected: ExpectedHolds, timeline: Timeline): void {
  const { count, mode = 'connection', channel, url } = expected;
  const found = matchingHolds(holds, expected).length;
  if (count === undefined ? found > 0 : found === count) return;
  const wanted = [
    count === undefined ? `a held ${mode}` : `${count} held ${mode}${count === 1 ? '' : 's'}`,
    channel === undefined ? '' : `on '${channel}'`,
    url === undefined ? '' : `of ${url}`,
  ];
  const held = holds.map(describeHeld).join('; ') || 'none';
  const message = `expected ${wanted.filter((part) => part !== '').join(' ')}, found ${found}. Held are: ${held}`;
  throw failure(message, found, count ?? 1, timeline);
}

/** @throws AssertionError with the timeline where an item has not been delivered as `query` says. */
export function expectDelivered(
  published: readonly PublishedItem[],
  channel: string,
  { id, to }: DeliveryQuery,
  timeline: Timeline,
): void {
  const name = id === undefined ? `an item on '${channel}'` : `item ${id} on '${channel}'`;
  const item = published.findLast((one) => one.channel === channel && (id === undefined || one.id === id));
  if (item === undefined) {
    const others = [...new Set(published.map((one) => one.channel))].join(', ');
    throw failure(
      `expected ${name}, but none was published. Channels with items: ${others || 'none'}`,
      0,
      to ?? 1,
      timeline,
    );
  }
  const { delivered } = item.receipt;
  if (to === undefined ? delivered > 0 : delivered === to) return;
  const wanted = to === undefined ? 'to be delivered' : `to be delivered to ${to}`;
  throw failure(
    `expected ${name} ${wanted}, but: ${item.fault ?? describeReceipt(item.receipt)}`,
    delivered,
    to ?? 1,
    timeline,
  );
}

function failure(message: string, actual: number, expected: number, timeline: Timeline): AssertionError {
  return new AssertionError({ message: `${message}\n${timeline}`, actual, expected, operator: 'equal' });
}
