import { headerValue } from '@p-8/protocol';
import { type ClientRequest, hostName } from './client-request.js';
import { isLoopback } from './loopback.js';

/** Fields that proxies add, whoever they serve: behind a proxy on this machine all clients come from it. */
const OF_PROXIES =
  /^(x-forwarded(-.+)?|forwarded|via|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|fastly-client-ip|x-envoy-.+|cdn-loop)$/i;

const LOCAL_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a request is one of a program on this machine that has asked for this machine: whoever sends it may know what goes wrong
 * here. No page of another site, and nothing that has come through another proxy.
 */
export function isLocalClient({ facts, headers, host }: ClientRequest): boolean {
  if (!isLoopback(facts.remoteAddress) || !LOCAL_NAME.test(hostName(host))) return false;
  for (let i = 0; i < headers.length; i += 2) if (OF_PROXIES.test(headers[i] ?? '')) return false;
  const site = headerValue(headers, 'sec-fetch-site') ?? 'none';
  return site === 'none' || site === 'same-origin';
}
