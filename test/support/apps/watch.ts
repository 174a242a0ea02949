import type { GripMembers } from '@p-8/core';
import { eventually } from '../eventually.js';

/** Resolves when `count` sessions are subscribed to `channel`. */
export function subscribed({ hub }: GripMembers, channel: string, count = 1): Promise<void> {
  return eventually(() => hub.subscriberCount(channel) >= count, `${count} subscribed to ${channel}`);
}

/** Resolves when nothing is held, waited for or asked any more. */
export function idle({ stats }: GripMembers): Promise<void> {
  const isIdle = (): boolean => Object.values(stats()).every((count) => count === 0);
  return eventually(isIdle, () => `a proxy at rest: ${JSON.stringify(stats())}`);
}
