import { trimAscii } from './text.js';

/** The filters that change the content of messages. Source: Pushpin 2.0. */
const CONTENT_FILTERS: ReadonlySet<string> = new Set(['build-id', 'var-subst', 'http-modify']);

/** The names of all filters: those that look at meta, one that asks the origin, and those that change the content. */
export const FILTER_NAMES: readonly string[] = [
  'skip-self',
  'skip-users',
  'require-sub',
  'http-check',
  ...CONTENT_FILTERS,
];

/**
 * Compares the content filters that a publisher expects with those of a subscription, in order. Gives the message of the
 * mismatch, or undefined where they are the same or the publisher expects none in particular. Source: GRIP, Pushpin 1.36.
 *
 * @param subscriptionFilters all filters of the subscription
 * @param itemContentFilters the item's `content-filters`; an empty list is an expectation too
 */
export function contentFilterMismatch(
  subscriptionFilters: readonly string[],
  itemContentFilters: readonly string[] | undefined,
): string | undefined {
  if (itemContentFilters === undefined) return undefined;
  const actual = subscriptionFilters.filter((name) => CONTENT_FILTERS.has(name));
  const same =
    actual.length === itemContentFilters.length &&
    actual.every((name, index) => name === itemContentFilters[index]);
  if (same) return undefined;
  return `content filter mismatch: subscription=${actual.join(',')} message=${itemContentFilters.join(',')}`;
}

/**
 * Whether one of a subscription's filters keeps an item from its client: `skip-self`, `skip-users` or `require-sub`.
 * Other names do nothing here. Source: GRIP, Pushpin 1.36.
 *
 * @param subMeta the meta of the client's instruct or WebSocket
 * @param itemMeta the meta of the item
 * @param isSubscribed whether the client is subscribed to a channel, given without the route's prefix
 */
export function shouldSkip(
  filterNames: readonly string[],
  subMeta: ReadonlyMap<string, string>,
  itemMeta: ReadonlyMap<string, string>,
  isSubscribed: (channel: string) => boolean,
): boolean {
  const user = subMeta.get('user') ?? '';
  return filterNames.some((name) => {
    switch (name) {
      case 'skip-self':
        return user !== '' && user === itemMeta.get('sender');
      case 'skip-users':
        return user !== '' && listed(itemMeta.get('skip_users') ?? '', user);
      case 'require-sub': {
        const required = itemMeta.get('require_sub') ?? '';
        return required !== '' && !isSubscribed(required);
      }
      default:
        return false;
    }
  });
}

function listed(list: string, user: string): boolean {
  return list.split(',').some((entry) => trimAscii(entry) === user);
}
