import type { IncomingMessage } from 'node:http';
import { headerValues, isWsEventsType } from '@p-8/protocol';
import type { Refusal } from '../http/request-checks.js';

/** Events are the proxy's to write: a client that sends them could speak for any WebSocket. Undefined: it sends none. */
export function eventsRefusal({
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Refusal | undefined {
  if (headers['content-type'] === undefined) return undefined;
  // Node takes the first of several; an origin may take another one.
  if (!headerValues(rawHeaders, 'content-type').some(isWsEventsType)) return undefined;
  return { status: 403, message: 'Client not allowed to send WebSocket events directly.' };
}
