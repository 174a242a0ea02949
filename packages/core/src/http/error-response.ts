import type { ClientRequest } from './client-request.js';
import type { ClientResponse } from './client-response.js';
import { isLocalClient } from './local-client.js';

/** What clients are told when an origin failed, unless debug mode tells them more. */
export const ORIGIN_ERROR = 'Error while proxying to origin.';

/** What went wrong with an origin. */
export interface OriginFailure {
  /** For clients in debug mode. */
  readonly detail: string;
  /** Which targets were asked, and more of the kind. */
  readonly reason: string;
}

/**
 * What a client is told of a failure: what went wrong in debug mode, and the reason where it is on this machine, for there the
 * developer is.
 */
export function failureText(
  { detail, reason }: OriginFailure,
  request: ClientRequest,
  { debug, tellsLocal }: { readonly debug: boolean; readonly tellsLocal: boolean },
): string {
  if (debug) return detail;
  return tellsLocal && isLocalClient(request) ? `${ORIGIN_ERROR}\n${reason}` : ORIGIN_ERROR;
}

/** Answers with a line of text. */
export function respondText(client: ClientResponse, status: number, message: string): void {
  client.respond(status, '', ['Content-Type', 'text/plain'], Buffer.from(`${message}\n`));
}
