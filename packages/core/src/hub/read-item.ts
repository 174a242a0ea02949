import { expandFormats, FORMAT_NAMES, type Item, type ItemInput, parseItem } from '@p-8/protocol';
import { GripError } from '../errors.js';

/** Reads an item as publishers in this process write it. @throws GripError `GRIP_ERR_INVALID_ITEM`. */
export function readItem(input: ItemInput): Item {
  // Whoever writes no TypeScript may give us anything.
  const formats: unknown = typeof input === 'object' && input !== null ? input.formats : undefined;
  const isObject = typeof formats === 'object' && formats !== null;
  if (isObject) checkFormats(formats);
  const item = parseItem(isObject ? { ...input, formats: expandFormats(formats) } : input);
  if (!item.ok) throw new GripError('GRIP_ERR_INVALID_ITEM', item.message);
  return item.value;
}

/** What nobody would get: publishers elsewhere may write for proxies that know more formats, those here are mistaken. */
function checkFormats(formats: object): void {
  for (const [name, value] of Object.entries(formats)) {
    if (!FORMAT_NAMES.some((known) => known === name)) {
      const message = `there is no format '${name}': formats are ${FORMAT_NAMES.join(', ')}`;
      throw new GripError('GRIP_ERR_INVALID_ITEM', message);
    }
    if (value === undefined || value === null) {
      const message = `the format '${name}' is ${value}: give it content, or leave it out`;
      throw new GripError('GRIP_ERR_INVALID_ITEM', message);
    }
  }
}
