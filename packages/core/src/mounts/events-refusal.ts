import type { HeaderList } from '@p-8/protocol';
import { namesEvents } from '../http/events-fields.js';
import type { Refusal } from '../http/request-checks.js';

/**
 * Events are the proxy's to write: a client that sends them could speak for any WebSocket, and the proxy would sign it. Undefined: it
 * sends none. `headers`: of the request as the origin will get it.
 */
export function eventsRefusal(headers: HeaderList): Refusal | undefined {
  if (!namesEvents(headers)) return undefined;
  return { status: 403, message: 'Client not allowed to send WebSocket events directly.' };
}
