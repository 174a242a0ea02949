import { filterHeaders, type HeaderList, isGripHeader, isHopByHop, splitList } from '@p-8/protocol';
import type { XForwardedForOptions } from '../options.js';
import type { ClientRequest } from './client-request.js';
import { isForgedField } from './events-fields.js';

/** How a proxy rewrites the headers of requests. */
export interface ForwardingRules {
  /** `X-Forwarded-Proto` for TLS clients; true: `X-Forwarded-Protocol` as well. */
  readonly setXForwardedProtocol: boolean | 'proto-only';
  /** The client's X-Forwarded-Proto is not passed on. */
  readonly removeXForwardedProtocol: boolean;
  readonly removePushpinRoute: boolean;
  /** Fields that speak for a WebSocket are the proxy's: not so where a route takes no part in GRIP. */
  readonly removeForgedFields: boolean;
  readonly cdnLoop: string;
}

/** What a proxy adds to one request. */
export interface ForwardedParts {
  readonly host: string;
  readonly rules: ForwardingRules;
  readonly xForwardedFor: XForwardedForOptions | undefined;
  /** A GRIP proxy in front is trusted to do its part: its Grip- fields pass, and ours are not added. */
  readonly trusted: boolean;
  /** `Grip-Sig`, `Grip-Feature` and `Grip-Last`. */
  readonly grip: HeaderList;
  /** Fields that the route sets; an empty value removes one. */
  readonly set: readonly (readonly [name: string, value: string])[];
  /** How X-Forwarded-Proto calls a TLS client. @default 'https' */
  readonly secureScheme?: 'https' | 'wss';
}

/** Marks a copy of an original header in Pushpin; never passed on. */
const ORIGINAL_HEADER_PREFIX = 'eb9bf0f5-';

/** The fields of a client's request as its origin gets them. */
export function forwardedHeaders(request: ClientRequest, parts: ForwardedParts): string[] {
  const { rules, set } = parts;
  const received = set.length === 0 ? request.headers : withRouteFields(request.headers, set);
  const removed = connectionOptions(request.headers);
  // What the route sets is not for the client to remove.
  for (const [name] of set) removed.delete(name.toLowerCase());
  const headers: string[] = [];
  const forwardedFor: string[] = [];
  const cdnLoop: string[] = [];
  let hostSeen = false;
  for (let i = 0; i + 1 < received.length; i += 2) {
    const name = received[i] ?? '';
    const value = received[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host') {
      if (!hostSeen) headers.push(name, parts.host);
      hostSeen = true;
    } else if (lower === 'x-forwarded-for') {
      forwardedFor.push(...splitList(value));
    } else if (lower === 'cdn-loop' && rules.cdnLoop !== '') {
      cdnLoop.push(...splitList(value));
    } else if (!removed.has(lower) && !isRemoved(lower, value, parts)) {
      headers.push(name, value);
    }
  }
  if (!hostSeen) headers.push('Host', parts.host);
  addForwarded(headers, request, parts, forwardedFor);
  if (rules.cdnLoop !== '') {
    cdnLoop.push(rules.cdnLoop);
    headers.push('CDN-Loop', cdnLoop.join(', '));
  }
  headers.push(...parts.grip);
  return headers;
}

/** The fields as if the client had sent those of the route; all else that is done to fields is done to them too. */
function withRouteFields(received: HeaderList, set: ForwardedParts['set']): string[] {
  const replaced = new Set(set.map(([name]) => name.toLowerCase()));
  const fields = filterHeaders(received, (name) => !replaced.has(name));
  for (const [name, value] of set) if (value !== '') fields.push(name, value);
  return fields;
}

/** Fields that never pass, besides those that `Connection` names. */
function isRemoved(lower: string, value: string, { rules, trusted }: ForwardedParts): boolean {
  switch (lower) {
    // Bodies must arrive plain, since they may have to be read.
    case 'accept-encoding':
    case 'expect':
      return true;
    case 'x-forwarded-proto':
    case 'x-forwarded-protocol':
      return rules.removeXForwardedProtocol;
    case 'pushpin-route':
      return rules.removePushpinRoute;
    default:
      return (
        isHopByHop(lower) ||
        (!trusted && (isGripHeader(lower) || (rules.removeForgedFields && isForgedField(lower, value)))) ||
        lower.startsWith(ORIGINAL_HEADER_PREFIX)
      );
  }
}

function addForwarded(
  headers: string[],
  request: ClientRequest,
  parts: ForwardedParts,
  forwardedFor: string[],
): void {
  const { rules, xForwardedFor: rule, secureScheme = 'https' } = parts;
  if (request.scheme === 'https' && rules.setXForwardedProtocol !== false) {
    headers.push('X-Forwarded-Proto', secureScheme);
    if (rules.setXForwardedProtocol === true) headers.push('X-Forwarded-Protocol', secureScheme);
  }
  const kept =
    rule?.truncate === undefined
      ? forwardedFor
      : forwardedFor.slice(Math.max(0, forwardedFor.length - rule.truncate));
  const address = request.facts.remoteAddress;
  if (rule?.append === true && address !== undefined) kept.push(address);
  if (kept.length > 0) headers.push('X-Forwarded-For', kept.join(', '));
}

/** The fields that a message's `Connection` names: they are for the next hop only. RFC 9110 7.6.1. */
function connectionOptions(headers: HeaderList): Set<string> {
  const options = new Set<string>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'connection') continue;
    for (const option of splitList(headers[i + 1] ?? '')) options.add(option.toLowerCase());
  }
  return options;
}

/** The fields of an origin's response as the client gets them. */
export function relayedHeaders(headers: HeaderList): string[] {
  const removed = connectionOptions(headers);
  const relayed: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const lower = name.toLowerCase();
    if (!isHopByHop(lower) && !removed.has(lower)) relayed.push(name, headers[i + 1] ?? '');
  }
  return relayed;
}

/** The trailers of an origin's response as the client gets them: none that would say how to read or route it. RFC 9110 6.5.1. */
export function relayedTrailers(trailers: HeaderList): string[] {
  return filterHeaders(
    trailers,
    (name) =>
      !isHopByHop(name) && name !== 'content-length' && name !== 'host' && name !== 'content-encoding',
  );
}
