import type { IGripConfig } from './grip-config.js';

/**
 * Reads a GRIP URI: `http://USER:PASS@HOST/PATH/?iss=…&key=…&verify-iss=…&verify-key=…`, all but scheme and host optional.
 * Other parameters stay in the control URI. A parameter that is empty is as none.
 *
 * @param additional parameters that count in place of those in the URI; empty ones do not
 * @throws TypeError where the URI is no URL of HTTP. The message does not repeat it, since it holds keys.
 *
 * @example
 * ```ts
 * parseGripUri('http://localhost:5561/?iss=realm&key=base64:AWGA/g==', { 'verify-key': process.env.GRIP_VERIFY_KEY });
 * ```
 */
export function parseGripUri(
  uri: string,
  additional: Readonly<Record<string, string | undefined>> = {},
): IGripConfig {
  const url = parseUrl(uri);
  const params = url.searchParams;
  for (const [name, value] of Object.entries(additional)) {
    if (value) params.set(name, value);
  }
  const take = (name: string): string | undefined => {
    const value = params.get(name);
    if (value !== null) params.delete(name);
    return value || undefined;
  };
  const parts = {
    control_iss: take('iss'),
    user: decodePercent(url.username),
    pass: decodePercent(url.password),
    key: take('key'),
    verify_iss: take('verify-iss'),
    verify_key: take('verify-key'),
  };
  url.username = '';
  url.password = '';
  if (url.pathname.endsWith('/')) url.pathname = url.pathname.slice(0, -1);
  const config: IGripConfig = { control_uri: url.href };
  for (const [name, value] of Object.entries(parts)) {
    if (value) config[name as keyof typeof parts] = value;
  }
  return config;
}

function parseUrl(uri: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(uri);
  } catch {
    // Not its cause, which holds the URI.
  }
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('The GRIP URI is no URL of HTTP: it must look like http://localhost:5561.');
  }
  return url;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
