import type { HistoryOptions } from '@p-8/core';
import type { Writable } from '../writable.js';
import type { ConfigReader } from './config-reader.js';

const NUMBER_KEYS = [
  ['history_items', 'items'],
  ['history_bytes', 'bytes'],
  ['history_seconds', 'seconds'],
  ['history_max_channels', 'maxChannels'],
  ['history_total_bytes', 'totalBytes'],
] as const;

/** Which items are kept for clients that come back. Undefined where no channels are named. @throws GripError when a value is wrong. */
export function loadHistory(reader: ConfigReader): HistoryOptions | undefined {
  const history: Writable<HistoryOptions> = { channels: reader.list('handler', 'history_channels') ?? [] };
  for (const [key, option] of NUMBER_KEYS) {
    const value = reader.integer('handler', key, 1);
    if (value !== undefined) history[option] = value;
  }
  if (history.channels.length > 0) return history;
  if (Object.keys(history).length === 1) return undefined;
  throw reader.wrong('handler', 'history_channels', 'is missing: name the channels whose items are kept');
}
