import { createHmac } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Reply } from './reply.js';
import type { Site } from './site.js';

/** The key of a GRIP proxy in front, for the option `upstreamKey`. */
export const FRONT_KEY = 'shared';

/** What a GRIP proxy in front signs its requests with; good until 2033. */
export const FRONT_SIGNATURE = sign({ iss: 'front', exp: 2_000_000_000 });

/** What makes a request one of WebSocket events, sent by a GRIP proxy in front. */
export const EVENTS_FIELDS = {
  'Content-Type': 'application/websocket-events',
  Accept: 'application/websocket-events',
  'Connection-Id': 'conn-1',
  'Grip-Sig': FRONT_SIGNATURE,
};

/** Asks an app with WebSocket events, as a GRIP proxy in front does. */
export function postEvents(
  site: Site,
  path: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Reply> {
  return site.post(path, body, { ...EVENTS_FIELDS, ...headers });
}

function sign(claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', FRONT_KEY).update(signed).digest('base64url')}`;
}
