import type { PublishException } from './publish-exception.js';
import type { PublisherClock } from './publish-options.js';

/** Milliseconds before the first retry, at most; they double with each. */
const FIRST_DELAY = 250;
const MAX_DELAY = 5000;
/**
 * The most milliseconds of a `Retry-After` that are waited. All attempts must be over before proxies forget ids, after a
 * minute: with three of ten seconds there are twenty left for waiting.
 */
const MAX_RETRY_AFTER = 10_000;

/** Statuses that may be others the next time. */
const TRANSIENT: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Milliseconds to wait before the next attempt, of which `count` have failed; undefined: another one is of no use. */
export function retryDelay(
  error: PublishException,
  count: number,
  clock: PublisherClock,
): number | undefined {
  const { statusCode, headers } = error.context;
  const isTransient =
    error.code === 'GRIP_ERR_PUBLISH_TIMEOUT' ||
    (error.code === 'GRIP_ERR_PUBLISH_UNREACHABLE' && statusCode < 300) ||
    TRANSIENT.includes(statusCode);
  if (!isTransient) return undefined;
  const asked = retryAfter(headers?.get('Retry-After') ?? '', clock);
  // Earlier than it asks for would be worse than not at all.
  if (asked > MAX_RETRY_AFTER) return undefined;
  // Full jitter: publishers that failed together do not come back together.
  return asked + clock.random() * Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (count - 1));
}

/** Milliseconds that the field says. Source: RFC 9110 10.2.3. */
function retryAfter(value: string, clock: PublisherClock): number {
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return ms > 0 ? ms : 0;
}
