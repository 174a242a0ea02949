import type { HeaderList } from './header-list.js';
import { parseInteger } from './integer.js';
import { findParameter, type ParameterizedValue, parseParameters, splitHeader } from './parameters.js';
import { fail, ok, type Result } from './result.js';

/** A `Grip-Link` with `rel=next`: where the content that follows is found. */
export interface NextLink {
  /** URI reference, relative to the URI of the response that carried it. */
  readonly uri: string;
  /** Seconds without items after which the link is asked; at least 0. */
  readonly timeoutSeconds: number;
}

/** The links that a response has; the last of each kind counts. */
export interface Links {
  readonly next: NextLink | undefined;
  /** URI reference that is told when the client has gone. */
  readonly gone: string | undefined;
}

/** Seconds without items after which a next link is asked, where it does not say. */
export const DEFAULT_LINK_TIMEOUT_SECONDS = 120;

/**
 * Reads all `Grip-Link` fields: `<URI>; rel=next[; timeout=SECONDS]` and `<URI>; rel=gone`. Elements without parameters
 * and other values of `rel` are ignored. Commas and semicolons in the URI must be percent-encoded. Source: GRIP,
 * Pushpin 1.41.
 *
 * @example
 * ```ts
 * parseLinks(['Grip-Link', '</events?after=7>; rel=next; timeout=30']);
 * ```
 */
export function parseLinks(headers: HeaderList): Result<Links> {
  let next: NextLink | undefined;
  let gone: string | undefined;
  for (const element of splitHeader(headers, 'grip-link')) {
    const parsed = parseParameters(element);
    if (parsed === undefined || parsed.params.length === 0) continue;
    const uri = parseReference(parsed.value);
    if (!uri.ok) return uri;
    const rel = findParameter(parsed.params, 'rel')?.value;
    if (rel === 'gone') gone = uri.value;
    if (rel !== 'next') continue;
    const timeoutSeconds = parseTimeout(parsed);
    if (!timeoutSeconds.ok) return timeoutSeconds;
    next = { uri: uri.value, timeoutSeconds: timeoutSeconds.value };
  }
  return ok({ next, gone });
}

function parseReference(value: string): Result<string> {
  if (value.length < 3 || !value.startsWith('<') || !value.endsWith('>')) {
    return fail('failed to parse Grip-Link value');
  }
  const reference = value.slice(1, -1);
  try {
    new URL(reference, 'http://x/');
    return ok(reference);
  } catch {
    return fail('Grip-Link contains invalid link');
  }
}

function parseTimeout(link: ParameterizedValue): Result<number> {
  const timeout = findParameter(link.params, 'timeout');
  if (timeout === undefined) return ok(DEFAULT_LINK_TIMEOUT_SECONDS);
  const seconds = parseInteger(timeout.value ?? '');
  if (seconds === undefined) return fail('failed to parse Grip-Link timeout value');
  return seconds < 0 ? fail('Grip-Link timeout has invalid value') : ok(seconds);
}
