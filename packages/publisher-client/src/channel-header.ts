import { excessBytes, MAX_FILTERS_PER_CHANNEL, MAX_NAME_BYTES } from '@p-8/protocol';
import { type ChannelInput, parseChannels } from './channel.js';
import { bare, parameter, unsendable } from './header-parts.js';

/**
 * The value of `Grip-Channel`.
 * @throws TypeError for a name that a header cannot carry, since GRIP has no way to quote one, or that is too long.
 *
 * @example
 * ```ts
 * createGripChannelHeader(['news', new Channel('sport', '7', ['skip-self'])]); // news, sport; prev-id=7; filter=skip-self
 * ```
 */
export function createGripChannelHeader(channels: ChannelInput): string {
  return parseChannels(channels)
    .map((channel) => {
      const { name, prevId, filters = [] } = channel.export();
      for (const text of [name, prevId ?? '', ...filters]) checkLength(text);
      if (filters.length > MAX_FILTERS_PER_CHANNEL) {
        throw unsendable('channel', name, `it has more than ${MAX_FILTERS_PER_CHANNEL} filters`);
      }
      const parts = [bare('channel', name)];
      if (prevId) parts.push(`prev-id=${parameter('prev-id', prevId)}`);
      for (const filter of filters) parts.push(`filter=${bare('filter', filter)}`);
      return parts.join('; ');
    })
    .join(', ');
}

function checkLength(text: string): void {
  const bytes = excessBytes(text);
  if (bytes === undefined) return;
  const why = `it has ${bytes} bytes, and at most ${MAX_NAME_BYTES} are allowed`;
  throw unsendable('name or id', `${text.slice(0, 20)}…`, why);
}
