import type { HeaderList } from '@p-8/protocol';

const C = 0x63;
const M = 0x6d;

/**
 * Whether a field of a request tells an origin which WebSocket its events belong to, and what is known of that: `Connection-Id`,
 * `Meta-…`, `Content-Bytes-Replayed`. Only the proxy writes them. `_` counts as `-`: CGI, and what followed it, makes one of both.
 */
export function isConnectionField(name: string): boolean {
  // Asked of every field of every request: most are told by their first letter.
  const first = name.charCodeAt(0) | 0x20;
  if (first !== C && first !== M) return false;
  const dashed = name.toLowerCase().replaceAll('_', '-');
  return dashed === 'connection-id' || dashed === 'content-bytes-replayed' || dashed.startsWith('meta-');
}

/** Whether a field of a client's request is not the client's to set: a {@link isConnectionField}, or an `Accept` of events. */
export function isForgedField(name: string, value: string): boolean {
  return isConnectionField(name) || (name.length === 6 && /^accept$/i.test(name) && EVENTS_NAME.test(value));
}

/**
 * Whether the `Content-Type` of a request names WebSocket events, anywhere in its value: origins read lists, parameters, quotes and
 * white space in ways of their own, and no client has a use for the name.
 */
export function namesEvents(headers: HeaderList): boolean {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (name.length !== 12 || !/^content[-_]type$/i.test(name)) continue;
    if (EVENTS_NAME.test(headers[i + 1] ?? '')) return true;
  }
  return false;
}

const EVENTS_NAME = /websocket.{0,2}events/i;
