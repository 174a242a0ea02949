import { formatKey, parseKey } from './key.js';
import { fail, ok, type Result } from './result.js';
import { decodeUtf8, encodeUtf8 } from './text.js';

/** A proxy that can be published to, as a GRIP URI (`GRIP_URL`) describes it. */
export interface GripEndpoint {
  /** Base of the control API: `/publish/` is appended to its path. Without a slash at its end. */
  readonly controlUri: string;
  /** Who a publisher claims to be, in a JWT. */
  readonly controlIss: string | undefined;
  /** Signs that JWT, or is the bearer token where there is no issuer. */
  readonly key: Uint8Array | undefined;
  /** Who the proxy's `Grip-Sig` must be from. */
  readonly verifyIss: string | undefined;
  /** Verifies `Grip-Sig`. */
  readonly verifyKey: Uint8Array | undefined;
  /** For Basic authentication. */
  readonly user: string | undefined;
  readonly pass: string | undefined;
}

const PARAMETERS = ['iss', 'key', 'verify-iss', 'verify-key'] as const;

/**
 * Reads a GRIP URI: `http://USER:PASS@HOST/PATH/?iss=…&key=…&verify-iss=…&verify-key=…`, all but scheme and host optional.
 * Other parameters stay in the control URI. Messages do not repeat the URI, since it holds keys. Source: the `GRIP_URL` of
 * GRIP's client libraries.
 *
 * @example
 * ```ts
 * parseGripUri('http://localhost:5561/?iss=realm&key=base64:AWGA/g==');
 * ```
 */
export function parseGripUri(uri: string): Result<GripEndpoint> {
  const url = parseUrl(uri);
  if (url === undefined)
    return fail('the GRIP URI is no absolute URL: it must look like http://localhost:5561');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return fail(`the GRIP URI has scheme '${url.protocol.slice(0, -1)}': it must be http or https`);
  }
  const [iss, key, verifyIss, verifyKey] = PARAMETERS.map((name) => url.searchParams.get(name) || undefined);
  const others = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !isOurs(part));
  const query = others.length > 0 ? `?${others.join('&')}` : '';
  const path = url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname;
  return ok({
    controlUri: `${url.origin}${path}${query}`,
    controlIss: iss,
    key: readKey(key),
    verifyIss,
    verifyKey: readKey(verifyKey),
    user: decodePercent(url.username),
    pass: decodePercent(url.password),
  });
}

/**
 * The GRIP URI of an endpoint, with all its secrets: the inverse of {@link parseGripUri}.
 *
 * @throws TypeError when `controlUri` is not an absolute URL
 */
export function formatGripUri(endpoint: Pick<GripEndpoint, 'controlUri'> & Partial<GripEndpoint>): string {
  const url = new URL(endpoint.controlUri);
  // Parsing removes one slash from the end of the path.
  if (url.pathname !== '/' && url.pathname.endsWith('/')) url.pathname += '/';
  url.username = encodePercent(endpoint.user);
  url.password = encodePercent(endpoint.pass);
  const values = [
    endpoint.controlIss,
    endpoint.key && formatKey(endpoint.key),
    endpoint.verifyIss,
    endpoint.verifyKey && formatKey(endpoint.verifyKey),
  ];
  const ours = PARAMETERS.map((name, index) => `${name}=${encodePercent(values[index])}`);
  const given = ours.filter((part) => !part.endsWith('='));
  url.search = [url.search.slice(1), ...given].filter((part) => part !== '').join('&');
  return url.href;
}

/** Whether a part of a query is one of the parameters that describe the endpoint. */
function isOurs(part: string): boolean {
  const params = new URLSearchParams(part);
  return PARAMETERS.some((name) => params.has(name));
}

function parseUrl(uri: string): URL | undefined {
  try {
    return new URL(uri);
  } catch {
    return undefined;
  }
}

function readKey(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  // A `+` of base64 that was not percent-encoded has become a space.
  return parseKey(text.startsWith('base64:') ? text.replaceAll(' ', '+') : text);
}

function decodePercent(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encodePercent(text: string | undefined): string {
  // By way of UTF-8, since encodeURIComponent throws at half a surrogate pair.
  return encodeURIComponent(decodeUtf8(encodeUtf8(text ?? '')));
}
