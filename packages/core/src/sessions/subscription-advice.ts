import { FILTER_NAMES, type Instruct } from '@p-8/protocol';
import type { Warnings } from '../warnings.js';

/** Warns of filters that do not exist: they let everything pass. */
export function adviseOnFilters(warnings: Warnings, filters: readonly string[], channel: string): void {
  for (const name of filters) {
    if (FILTER_NAMES.includes(name) || !warnings.expects('P8_UNKNOWN_FILTER', name)) continue;
    const message = `there is no filter '${name}', which channel '${channel}' is subscribed with, so it lets everything pass: filters are ${FILTER_NAMES.join(', ')}`;
    warnings.give('P8_UNKNOWN_FILTER', message, name);
  }
}

/** Warns of a hold that no item can reach. */
export function adviseOnChannels(
  warnings: Warnings,
  { hold, channels, nextLink }: Instruct,
  implicit: readonly string[],
  uri: string,
): void {
  if (hold === 'none' || channels.length + implicit.length > 0 || nextLink !== undefined) return;
  warnings.give(
    'P8_NO_CHANNEL',
    `the answer to ${uri} has Grip-Hold: ${hold} and no channel, so nothing can be published to its client: add Grip-Channel`,
  );
}

/** Warns of a channel that a connection is not subscribed to, since it has too many. */
export function adviseOnLimit(warnings: Warnings, channel: string, max: number, uri: string): void {
  warnings.give(
    'P8_TOO_MANY_CHANNELS',
    `${uri} is not subscribed to channel '${channel}', nor to any beyond the first ${max}: set subscriptionsPerConnection (connection_subscription_max of the command), or use fewer channels`,
  );
}
