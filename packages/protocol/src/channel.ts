import type { HeaderList } from './header-list.js';
import { boundedName, boundedNames } from './name.js';
import { findParameter, parseParameters, splitHeader } from './parameters.js';
import { fail, ok, type Result } from './result.js';

/** A channel that an instruct subscribes a client to. */
export interface Channel {
  /** As the origin wrote it; a route's prefix is not part of it. May be empty. */
  readonly name: string;
  /** The id of the last item that the origin's response already covers; an empty string is an id too. */
  readonly prevId: string | undefined;
  /** Names of the filters that items on this channel pass, in order. Unknown names are allowed and do nothing. */
  readonly filters: readonly string[];
}

/** The most filters that one channel may name. Source: Pushpin 1.41. */
export const MAX_FILTERS_PER_CHANNEL = 5;

/**
 * Reads all `Grip-Channel` fields: `name[; prev-id=ID][; filter=F]*`, separated by commas. An element with a quote that
 * does not end is left out. Source: GRIP, Pushpin 1.41.
 *
 * @param prefix what the route puts before names; they may be as long as {@link MAX_NAME_BYTES} together
 *
 * @example
 * ```ts
 * parseChannels(['Grip-Channel', 'news; prev-id=7, sport; filter=skip-self']);
 * ```
 */
export function parseChannels(headers: HeaderList, prefix = ''): Result<Channel[]> {
  const channels: Channel[] = [];
  for (const element of splitHeader(headers, 'grip-channel')) {
    const parsed = parseParameters(element);
    if (parsed === undefined) continue;
    // Names of parameters compare without regard to case, but Pushpin reads only `filter` in lower case.
    const filters = parsed.params.filter(({ name }) => name === 'filter').map(({ value }) => value ?? '');
    const channel = {
      name: parsed.value,
      prevId: findParameter(parsed.params, 'prev-id')?.value,
      filters,
    };
    const checked = checkChannel(channel, 'Grip-Channel', prefix);
    if (!checked.ok) return checked;
    channels.push(checked.value);
  }
  return ok(channels);
}

/** `channel`, unless a name in it is too long, or it names more than {@link MAX_FILTERS_PER_CHANNEL} filters. */
export function checkChannel(channel: Channel, parent: string, prefix: string): Result<Channel> {
  const name = boundedName(ok(channel.name), parent, 'name', prefix);
  if (!name.ok) return name;
  const prevId = boundedName(ok(channel.prevId), parent, 'prev-id');
  if (!prevId.ok) return prevId;
  const filters = boundedNames(ok(channel.filters), parent, 'filter');
  if (!filters.ok) return filters;
  if (channel.filters.length <= MAX_FILTERS_PER_CHANNEL) return ok(channel);
  return fail(`too many filters for channel '${channel.name}'`);
}
