import { PUBLIC_KEY_FASTLY_FANOUT_JWK } from './fanout-keys.js';
import type { IGripConfig } from './grip-config.js';
import { parseGripUri } from './grip-uri.js';
import type { Jwk } from './keys.js';

export { PUBLIC_KEY_FASTLY_FANOUT_JWK, PUBLIC_KEY_FASTLY_FANOUT_PEM } from './fanout-keys.js';

/** What is known of a service at Fastly that has Fanout. */
export interface BuildFanoutGripConfigParams {
  serviceId: string;
  /** A token of Fastly's API that may purge the service: scope `global`. */
  apiToken: string;
  /** @default the service at https://api.fastly.com */
  baseUrl?: URL | string;
  /** @default `fastly:` and the service's id */
  verifyIss?: string;
  /** @default Fastly's public key */
  verifyKey?: string | Jwk;
}

/**
 * The configuration for Fastly Fanout.
 *
 * @example
 * ```ts
 * const publisher = new Publisher(buildFanoutGripConfig({ serviceId: 'abc', apiToken: process.env.FASTLY_API_TOKEN ?? '' }));
 * ```
 */
export function buildFanoutGripConfig(params: BuildFanoutGripConfigParams): IGripConfig {
  return parseGripUri(buildFanoutGripUrl(params));
}

/** The GRIP URI for Fastly Fanout, with its secrets. */
export function buildFanoutGripUrl(params: BuildFanoutGripConfigParams): string {
  const { serviceId, apiToken, verifyIss, verifyKey = PUBLIC_KEY_FASTLY_FANOUT_JWK } = params;
  const url = new URL(params.baseUrl ?? `https://api.fastly.com/service/${serviceId}`);
  url.searchParams.set('key', apiToken);
  url.searchParams.set('verify-iss', verifyIss ?? `fastly:${serviceId}`);
  url.searchParams.set('verify-key', typeof verifyKey === 'string' ? verifyKey : JSON.stringify(verifyKey));
  return url.href;
}
