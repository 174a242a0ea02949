import type { HoldInfo } from '@p-8/core';

/** A connection that is held. */
export interface Held {
  /** `response`: a long-poll. */
  readonly mode: HoldInfo['mode'];
  /** Path, and query where there is one. */
  readonly url: string;
  /** By the names that publishers use. */
  readonly channels: readonly string[];
}

/** Which held connections are meant; what is left out may be anything. */
export interface HoldQuery {
  readonly mode?: HoldInfo['mode'];
  readonly channel?: string;
  /** Path, and query where there is one. */
  readonly url?: string;
}

/** What the proxy says it holds, as tests see it. */
export function asHeld({ mode, uri, channels }: HoldInfo): Held {
  const { pathname, search } = new URL(uri);
  return { mode, url: pathname + search, channels };
}

/** The holds that a query means. */
export function matchingHolds(holds: readonly Held[], { mode, channel, url }: HoldQuery): Held[] {
  return holds.filter(
    (hold) =>
      (mode === undefined || hold.mode === mode) &&
      (channel === undefined || hold.channels.includes(channel)) &&
      (url === undefined || hold.url === url),
  );
}

/** A held connection in words. */
export function describeHeld({ mode, url, channels }: Held): string {
  return `${mode} ${url}${channels.length === 0 ? '' : ` on ${channels.join(', ')}`}`;
}
