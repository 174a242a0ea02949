import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { splitList } from '@p-8/protocol';
import type { Refusal } from '../http/request-checks.js';
import type { Limits } from '../limits.js';
import type { Route } from '../routing/build-routes.js';
import { isOwnListener } from '../routing/own-address.js';

/**
 * The most proxies that a request may have come through. Each process has a name of its own: a loop over many of them, behind a load
 * balancer, could be long before it meets one again.
 */
const MAX_HOPS = 20;

/**
 * Why a request has gone round in circles, as its CDN-Loop tells; undefined: it has not. RFC 8586.
 * @param cdnLoop this proxy's name; empty: it takes no part
 */
export function loopRefusal(
  headers: IncomingHttpHeaders,
  cdnLoop: string,
  limits: Limits,
): Refusal | undefined {
  const field = headers['cdn-loop'];
  if (field === undefined || cdnLoop === '') return undefined;
  const names = splitList(String(field)).map((id) => id.split(';')[0]?.trim().toLowerCase());
  if (names.includes(cdnLoop.toLowerCase()))
    return { status: 508, message: `Loop: the request has been here already, as ${cdnLoop}.` };
  if (names.length < MAX_HOPS) return undefined;
  limits.reached('hops', { proxies: names.length });
  return { status: 508, message: `Loop: the request has come through ${names.length} proxies.` };
}

/** Why a request would come back to this listener at once; undefined: its route leads elsewhere. */
export function ownTargetRefusal(req: IncomingMessage, { targetAddresses }: Route): Refusal | undefined {
  const own = targetAddresses.some((target) => isOwnListener(target, req));
  return own ? { status: 508, message: 'Loop: the target of this route is this proxy itself.' } : undefined;
}
