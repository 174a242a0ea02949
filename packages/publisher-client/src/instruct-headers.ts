import { encodeBase64, encodeUtf8 } from '@p-8/protocol';
import { encodeCString } from './escapes.js';
import { bare, quoted, seconds, unsendable } from './header-parts.js';

/** What `cstring` can carry: printable ASCII and line ends, no semicolon, no space at either end. */
const PLAIN = /^(?! )[\t\n\r\x20-\x3a\x3c-\x7e]+(?<! )$/;

/**
 * The value of `Grip-Keep-Alive`: readable where it can be, else base64.
 * @param timeout seconds between two of them, rounded down. Default: the proxy's, 55
 * @throws TypeError where there is nothing to send.
 *
 * @example
 * ```ts
 * createKeepAliveHeader(':\n\n', 20); // :\n\n; format=cstring; timeout=20
 * ```
 */
export function createKeepAliveHeader(
  data: string | Uint8Array,
  timeout?: number,
  mode?: 'idle' | 'interval',
): string {
  if (data.length === 0) throw unsendable('keep-alive', data, 'it is empty');
  const bytes = typeof data === 'string' ? encodeUtf8(data) : data;
  return [
    typeof data === 'string' && PLAIN.test(data)
      ? `${encodeCString(data)}; format=cstring`
      : `${encodeBase64(bytes)}; format=base64`,
    ...(timeout == null ? [] : [`timeout=${seconds('keep-alive timeout', timeout)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ].join('; ');
}

/** The value of `Grip-Set-Meta`. @throws TypeError for what a header cannot carry. */
export function createMetaHeader(meta: Readonly<Record<string, string>>): string {
  return Object.entries(meta)
    .map(([name, value]) => {
      if (name.includes('=')) throw unsendable('meta', name, 'it has a =');
      return `${bare('meta', name)}=${quoted('meta', String(value))}`;
    })
    .join(', ');
}

/**
 * The value of `Grip-Link` for what comes next. What a header cannot carry in a URI is percent-encoded.
 * @param timeout seconds without items after which the link is asked, rounded down. Default: the proxy's, 120
 */
export function createNextLinkHeader(uri: string, timeout = 0): string {
  const link = `<${uri.replace(/[^\x21-\x7e]|[",;<>]/gu, encodeURIComponent)}>; rel=next`;
  return timeout > 0 ? `${link}; timeout=${seconds('link timeout', timeout)}` : link;
}
