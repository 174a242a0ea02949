import { filterHeaders, type HeaderList, headerValues } from './header-list.js';
import { splitList } from './parameters.js';

// RFC 9110 7.6.1, and Trailer: messages are framed anew at every hop, without trailers.
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const NO_FIELD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Whether a field describes one connection only, and so goes no further than the next hop. Fields that are named in
 * `Connection` are hop-by-hop as well: see {@link endToEndHeaders}. Source: RFC 9110 7.6.1.
 *
 * @param lowerName the field's name in lower case
 */
export function isHopByHop(lowerName: string): boolean {
  return HOP_BY_HOP.has(lowerName);
}

/**
 * Whether a field belongs to GRIP. `Grip_` counts as `Grip-`: CGI and WSGI cannot tell them apart, so a client could
 * otherwise smuggle `Grip_Sig` past the proxy.
 */
export function isGripHeader(name: string): boolean {
  // Asked of every field of every message: most are told by their first letter.
  if ((name.charCodeAt(0) | 0x20) !== 0x67) return false;
  const prefix = name.slice(0, 5).toLowerCase();
  return prefix === 'grip-' || prefix === 'grip_';
}

/** Whether `name` may be a field's name: one or more token characters. Source: RFC 9110 5.6.2. */
export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

/**
 * Whether `value` may be a field's value or a reason phrase: no control characters but tab, and no character that is
 * more than a byte. Source: RFC 9110 5.5.
 */
export function isFieldValue(value: string): boolean {
  return !NO_FIELD_VALUE.test(value);
}

/**
 * The fields that are passed on with a message that is framed anew: without hop-by-hop fields, those that `Connection`
 * names, and `Content-Length`. Source: RFC 9110 7.6.1.
 */
export function endToEndHeaders(headers: HeaderList): string[] {
  const named = new Set<string>();
  for (const value of headerValues(headers, 'connection')) {
    for (const option of splitList(value)) named.add(option.toLowerCase());
  }
  return filterHeaders(
    headers,
    (name) => !HOP_BY_HOP.has(name) && name !== 'content-length' && !named.has(name),
  );
}
