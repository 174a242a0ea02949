import type { IncomingMessage } from 'node:http';
import { type HeaderList, isGripHeader, splitList } from '@p-8/protocol';

/** Fields that pages may read anyway, or that are of no use to them. Source: Pushpin. */
const NOT_EXPOSED = new Set([
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
]);

/**
 * The CORS fields that let a page of any origin read a response, as far as the response does not have them already.
 * Source: Pushpin's `auto_cross_origin`; https://fetch.spec.whatwg.org/#http-cors-protocol.
 */
export function crossOriginHeaders(req: IncomingMessage, present: HeaderList): string[] {
  const names = new Map<string, string>();
  for (let i = 0; i + 1 < present.length; i += 2) {
    const name = present[i] ?? '';
    names.set(name.toLowerCase(), name);
  }
  const added: string[] = [];
  const add = (name: string, value: string): void => {
    if (value !== '' && !names.has(name.toLowerCase())) added.push(name, value);
  };
  const exposed = [...names].filter(([lower]) => isExposed(lower)).map(([, name]) => name);
  const method = req.headers['access-control-request-method'];
  const requested = splitList(req.headers['access-control-request-headers'] ?? '').filter(
    (name) => name !== '',
  );
  add('Access-Control-Allow-Methods', method ?? 'OPTIONS, HEAD, GET, POST, PUT, DELETE');
  add('Access-Control-Allow-Headers', requested.join(', '));
  add('Access-Control-Expose-Headers', exposed.join(', '));
  add('Access-Control-Allow-Credentials', 'true');
  add('Access-Control-Allow-Origin', req.headers.origin ?? '*');
  add('Access-Control-Max-Age', '3600');
  return added;
}

function isExposed(lower: string): boolean {
  return !NOT_EXPOSED.has(lower) && !lower.startsWith('access-control-') && !isGripHeader(lower);
}
