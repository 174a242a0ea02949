import type { HistoryLimits } from './hub/history.js';
import { type Check, isListOf, isObjectOf, isPositive, optionError } from './option-checks.js';
import type { HistoryOptions } from './options.js';

const isChannelName: Check = (value) =>
  typeof value === 'string' && value !== ''
    ? undefined
    : "names of channels such as 'news' or 'room-*' are required";

/** Checks the option `history`, but for what must not be missing. */
export const isHistory: Check = isObjectOf<HistoryOptions>({
  channels: isListOf(isChannelName),
  items: isPositive,
  bytes: isPositive,
  seconds: isPositive,
  maxChannels: isPositive,
  totalBytes: isPositive,
});

/** Fills in the defaults; without options no channel is kept. @throws GripError `GRIP_ERR_OPTION` where no channels are named. */
export function readHistory(options: HistoryOptions | undefined): HistoryLimits {
  // Whoever writes no TypeScript may leave them out.
  const channels: readonly string[] | undefined = options?.channels;
  if (options !== undefined && (channels === undefined || channels.length === 0)) {
    throw optionError('history', options, "its 'channels' must name at least one channel");
  }
  return {
    channels: channels ?? [],
    items: options?.items ?? 100,
    bytes: options?.bytes ?? 1_048_576,
    ttl: (options?.seconds ?? 300) * 1000,
    maxChannels: options?.maxChannels ?? 10_000,
    totalBytes: options?.totalBytes ?? 67_108_864,
  };
}
