import { isFieldValue } from './header-rules.js';
import { encodeHeaderText } from './text.js';

/**
 * The value of a `Grip-Last` request field, which tells the origin where a channel's reader stands. Nothing in it is
 * escaped, so a name or id with control characters has no such field: undefined. Source: GRIP, Pushpin 1.36.
 *
 * @example
 * ```ts
 * formatGripLast('news', '7'); // 'news; last-id=7'
 * ```
 */
export function formatGripLast(channel: string, lastId: string): string | undefined {
  const value = encodeHeaderText(`${channel}; last-id=${lastId}`);
  return isFieldValue(value) ? value : undefined;
}
