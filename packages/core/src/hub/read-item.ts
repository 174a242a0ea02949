import { expandFormats, type Item, type ItemInput, parseItem } from '@p-8/protocol';
import { GripError } from '../errors.js';

/** Reads an item as publishers in this process write it. @throws GripError `GRIP_ERR_INVALID_ITEM`. */
export function readItem(input: ItemInput): Item {
  // Whoever writes no TypeScript may give us anything.
  const formats: unknown = typeof input === 'object' && input !== null ? input.formats : undefined;
  const isObject = typeof formats === 'object' && formats !== null;
  const item = parseItem(isObject ? { ...input, formats: expandFormats(formats) } : input);
  if (!item.ok) throw new GripError('GRIP_ERR_INVALID_ITEM', item.message);
  return item.value;
}
