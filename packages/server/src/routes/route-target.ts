import { readFileSync } from 'node:fs';
import type { TargetOptions } from '@p-8/core';
import { fail, ok, type Result } from '@p-8/protocol';
import { errorText } from '../error-text.js';
import { plainLines } from '../plain-lines.js';
import type { Writable } from '../writable.js';
import type { RouteSection } from './route-lexer.js';
import { ignoredProperties, RouteProperties } from './route-properties.js';
import { createTestTarget } from './test-target.js';

/** A target, and what to tell the operator about it. */
export interface RouteTarget {
  readonly target: TargetOptions;
  readonly warnings: readonly string[];
}

/** Target keys of Pushpin that have no effect here yet. */
const LATER = new Set(['ipc_file_mode']);

/**
 * Reads a target section of a routes line: `host:port`, `[ipv6]:port` or `test`, with its properties.
 *
 * @param pathPrefix the condition's `path_beg`: the `test` target answers below it
 */
export function parseTarget(section: RouteSection, pathPrefix: string | undefined): Result<RouteTarget> {
  const properties = new RouteProperties(section);
  const target: Writable<TargetOptions> = {};
  const ssl = properties.flag('ssl');
  if (section.value === 'test') {
    target.listener = createTestTarget(pathPrefix);
    // Only the proxy may speak for a WebSocket.
    target.overHttp = true;
  } else {
    const url = targetUrl(section.value, ssl ? 'https' : 'http');
    if (!url.ok) return url;
    target.url = url.value;
  }

  const host = properties.text('host');
  if (host !== undefined && host !== '') target.host = host;
  if (properties.flag('over_http')) target.overHttp = true;
  if (properties.flag('one_event')) target.oneEvent = true;
  if (properties.flag('insecure')) target.insecure = true;
  if (properties.flag('trust_connect_host')) target.trustConnectHost = true;
  if (properties.flag('untrusted')) target.untrusted = true;
  const subscribe = properties.list('sub').filter((channel) => channel !== '');
  if (subscribe.length > 0) target.subscribe = subscribe;

  const certificate = pemFile('client_cert', properties.text('client_cert'));
  if (!certificate.ok) return certificate;
  if (certificate.value !== undefined) target.clientCert = certificate.value;
  const key = pemFile('client_key', properties.text('client_key'));
  if (!key.ok) return key;
  if (key.value !== undefined) target.clientKey = key.value;

  return ok({ target, warnings: ignoredProperties(properties, LATER) });
}

function targetUrl(text: string, scheme: 'http' | 'https'): Result<string> {
  if (/^zhttp(req)?\//.test(text)) {
    return fail(`zhttp targets are not supported: ${text} (use host:port)`);
  }
  const bracketed = /^(\[[^\]]*\]):(.*)$/.exec(text);
  const colon = text.indexOf(':');
  const host = bracketed?.[1] ?? text.slice(0, Math.max(colon, 0));
  const port = bracketed?.[2] ?? text.slice(colon + 1);
  if (host === '' || (text.startsWith('[') && bracketed === null)) {
    return fail(`target bad format: ${text} (a target is host:port, [ipv6]:port or test)`);
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return fail(`target invalid port: ${text} (a target is host:port, port 1 to 65535)`);
  }
  const url = `${scheme}://${host}:${Number(port)}`;
  return URL.canParse(url) && !/[/?#@]/.test(host)
    ? ok(url)
    : fail(`target bad format: ${text} (its host is not a host name or address)`);
}

/** Certificate files are relative to the working directory, as in Pushpin. */
function pemFile(name: string, path: string | undefined): Result<string | undefined> {
  if (path === undefined || path === '') return ok(undefined);
  try {
    return ok(plainLines(readFileSync(path, 'utf8')));
  } catch (error) {
    return fail(`${name}: cannot read ${path}: ${errorText(error)}`);
  }
}
