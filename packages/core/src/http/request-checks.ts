import type { IncomingMessage } from 'node:http';
import { isHost, isTarget } from './client-request.js';

/** Why a request is refused before anything else looks at it. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** A gateway connects nobody to where he likes: RFC 9110 9.3.6. */
export const NO_CONNECT: Refusal = { status: 501, message: 'Method not implemented: CONNECT.' };

/**
 * Checks that Node's parser leaves to us, or does not make when it is told to be lenient, for requests that are passed on
 * to another server: what two servers can read differently is refused, since that is how requests are smuggled.
 * RFC 9112 3.2, 6.1, 6.3, 11.2.
 * @param target what the client asked for
 */
export function checkRequest(req: IncomingMessage, target: string): Refusal | undefined {
  const { method, rawHeaders } = req;
  if (method === 'TRACE') return { status: 405, message: 'Method not allowed: TRACE.' };
  if (method === 'CONNECT') return NO_CONNECT;
  if (!isTarget(target, method)) return { status: 400, message: 'Invalid request target.' };
  let hosts = 0;
  let framings = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === 'host') {
      hosts++;
      if (!isHost(rawHeaders[i + 1] ?? '')) return { status: 400, message: 'Invalid Host header.' };
    } else if (name === 'content-length') {
      framings++;
    } else if (name === 'transfer-encoding') {
      framings++;
      if (rawHeaders[i + 1]?.toLowerCase() !== 'chunked') {
        return { status: 400, message: 'Transfer-Encoding must be chunked.' };
      }
      if (req.httpVersion === '1.0')
        return { status: 400, message: 'Transfer-Encoding is not part of HTTP/1.0.' };
    }
  }
  if (hosts > 1) return { status: 400, message: 'More than one Host header.' };
  if (framings > 1)
    return { status: 400, message: 'More than one Content-Length or Transfer-Encoding header.' };
  return undefined;
}
