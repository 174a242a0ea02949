import type { IncomingMessage } from 'node:http';
import { splitHeader } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';
import type { Refusal } from '../http/request-checks.js';
import type { Route } from '../routing/build-routes.js';
import { isOwnListener } from '../routing/own-address.js';

/** Why a request would go round in circles; undefined: it would not. `cdnLoop`: this proxy's name, or empty. RFC 8586. */
export function loopRefusal(
  req: IncomingMessage,
  request: ClientRequest,
  route: Route,
  cdnLoop: string,
): Refusal | undefined {
  const looped =
    cdnLoop !== '' &&
    splitHeader(request.headers, 'cdn-loop').some(
      (id) => id.split(';')[0]?.trim().toLowerCase() === cdnLoop.toLowerCase(),
    );
  if (looped) return { status: 508, message: `Loop: the request has been here already, as ${cdnLoop}.` };
  const own = route.targetAddresses.some((target) => isOwnListener(target, req));
  return own ? { status: 508, message: 'Loop: the target of this route is this proxy itself.' } : undefined;
}
