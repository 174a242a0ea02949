import { parseParameters, splitList } from '@p-8/protocol';

/**
 * Chooses between text and JSON by an `Accept` header; undefined: neither is acceptable. As in Pushpin, weights do not
 * count, and the last known type wins.
 */
export function negotiate(accept: string | undefined): 'text' | 'json' | undefined {
  if (accept === undefined) return 'text';
  let format: 'text' | 'json' | undefined;
  for (const element of splitList(accept)) {
    const type = parseParameters(element)?.value;
    if (type === 'text/plain' || type === 'text/*' || type === '*/*' || type === '*') format = 'text';
    else if (type === 'application/json' || type === 'application/*') format = 'json';
  }
  return format;
}
