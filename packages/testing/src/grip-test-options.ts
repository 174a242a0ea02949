import type { GripProxyOptions } from '@p-8/core';

/** Options of a test; those of the proxy as in production, as far as they make sense here. */
export interface GripTestOptions
  extends Omit<GripProxyOptions, 'target' | 'routes' | 'clock' | 'connectTimeout' | 'responseTimeout'> {
  /** The address under which clients reach the app. @default 'http://app.test' */
  readonly url?: string;
  /**
   * The control API that publishers use: what they `fetch` below this address comes to the test. @default any: whatever is
   * POSTed to a path that ends in `/publish`, with items in it
   */
  readonly controlUri?: string;
}
