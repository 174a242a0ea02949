import { type HeaderList, headerValue } from './header-list.js';
import { findParameter, parseParameters, splitHeader } from './parameters.js';
import { fail, ok, type Result } from './result.js';

/**
 * What becomes of a client that does not take what there is for it, once its queue is full:
 *
 * - `recover`: what waits is dropped, and the origin's next link tells what was missed, as soon as the client takes more.
 * - `close`: the connection is ended, so that the client sees it.
 * - `conflate`: of each channel, the newest item is kept until the client takes more; those before it are dropped.
 */
export type SlowClientPolicy = 'recover' | 'close' | 'conflate';

/** What an origin says of slow clients. */
export interface SlowClientPolicies {
  /** For all channels that are not named. */
  readonly all: SlowClientPolicy | undefined;
  /** By the names that the origin uses. */
  readonly channels: ReadonlyMap<string, SlowClientPolicy>;
}

const POLICIES: ReadonlySet<string> = new Set<SlowClientPolicy>(['recover', 'close', 'conflate']);

/** Whether a word is a policy. */
export function isSlowClientPolicy(word: string): word is SlowClientPolicy {
  return POLICIES.has(word);
}

/**
 * Reads `Grip-Slow-Client: close` or `Grip-Slow-Client: conflate; channel=prices, recover; channel=orders`. Source: ours;
 * other GRIP proxies ignore it.
 *
 * @example
 * ```ts
 * parseSlowClient(['Grip-Slow-Client', 'conflate; channel=prices, close']);
 * ```
 */
export function parseSlowClient(headers: HeaderList): Result<SlowClientPolicies | undefined> {
  if (headerValue(headers, 'grip-slow-client') === undefined) return ok(undefined);
  const channels = new Map<string, SlowClientPolicy>();
  let all: SlowClientPolicy | undefined;
  for (const element of splitHeader(headers, 'grip-slow-client')) {
    const { value = '', params = [] } = parseParameters(element) ?? {};
    if (!isSlowClientPolicy(value)) return fail('Grip-Slow-Client must be recover, close or conflate');
    const channel = findParameter(params, 'channel');
    if (channel === undefined) all = value;
    else if (channel.value === undefined) return fail('the channel of Grip-Slow-Client has no name');
    else channels.set(channel.value, value);
  }
  return ok({ all, channels });
}
