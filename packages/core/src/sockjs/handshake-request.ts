import { randomBytes } from 'node:crypto';
import { endToEndHeaders, filterHeaders } from '@p-8/protocol';
import type { ClientRequest } from '../http/client-request.js';

/** Fields of the body of a session's first request, and of a handshake that this request was none of. */
const DROPPED = new Set([
  'content-type',
  'content-encoding',
  'expect',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]);

/** The handshake that stands for a session that a client begins over plain HTTP; `path` is without query. */
export function handshakeFor(request: ClientRequest, path: string): ClientRequest {
  const headers = filterHeaders(endToEndHeaders(request.headers), (name) => !DROPPED.has(name));
  // RFC 6455 4.1: origins may look.
  headers.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', randomBytes(16).toString('base64'));
  return { ...withPath(request, path), method: 'GET', headers };
}

/** The request with another path, and its own query. */
export function withPath(request: ClientRequest, path: string): ClientRequest {
  const query = request.path.indexOf('?');
  return { ...request, path: query === -1 ? path : path + request.path.slice(query) };
}
