import type { Channel } from './channel.js';
import { type HeaderList, headerValue } from './header-list.js';
import { isGripHeader } from './header-rules.js';
import { exposedHeaders, type InstructHeaders, parseInstructHeaders } from './instruct-headers.js';
import { parseInstructJson } from './instruct-json.js';
import type { KeepAlive } from './keep-alive.js';
import type { NextLink } from './link.js';
import { isMediaType } from './media-type.js';
import { fail, ok, type Result } from './result.js';
import type { SlowClientPolicies } from './slow-client.js';

/** How the client is to be held: not at all, until the next item (`response`), or for many items (`stream`). */
export type HoldMode = 'none' | 'response' | 'stream';

/** An origin's response head and body, as far as an instruct is read from it. */
export interface OriginResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** The response that the client is to see: at once, as the start of a stream, or when a response hold times out. */
export interface InstructResponse {
  readonly code: number;
  readonly reason: string;
  /**
   * Without hop-by-hop fields and `Content-Length`. Taken from the origin's headers, `Grip-*` is left out and
   * `Grip-Expose-Headers` obeyed; taken from JSON they are as written there.
   */
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** What an origin's response tells the proxy to do with the client's connection. */
export interface Instruct {
  readonly hold: HoldMode;
  readonly channels: readonly Channel[];
  /** Seconds until a response hold is answered with {@link Instruct.response}; at least 5. */
  readonly timeoutSeconds: number;
  readonly keepAlive: KeepAlive | undefined;
  readonly meta: ReadonlyMap<string, string>;
  readonly nextLink: NextLink | undefined;
  /** URI reference of the `rel=gone` link. */
  readonly goneLink: string | undefined;
  /** What becomes of a client that is too slow. */
  readonly slowClient: SlowClientPolicies | undefined;
  readonly response: InstructResponse;
}

/** The most bytes of a response's body that are read for an instruct; one more is too large. Source: Pushpin 1.36. */
export const MAX_INSTRUCT_BODY = 100_000;

/** The media type of an instruct in JSON. */
export const INSTRUCT_CONTENT_TYPE = 'application/grip-instruct';

/**
 * Whether a response is meant for the proxy: it has a `Grip-` field, known or not, or is an instruct in JSON. Source:
 * GRIP, Pushpin 1.36.
 *
 * @param readsJson false: content of whatever type is content, since it may have been written by somebody else than the origin
 */
export function isInstruct(headers: HeaderList, readsJson = true): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (isGripHeader(headers[i] ?? '')) return true;
  }
  return readsJson && hasInstructContent(headers);
}

/**
 * Reads the instruct in an origin's response: its `Grip-` fields first, then its body where that is
 * `application/grip-instruct`. Source: GRIP, Pushpin 1.36.
 *
 * @param prefix what the route puts before names of channels: it counts where they are too long
 * @param readsJson false: the body is content, whatever its type
 *
 * @example
 * ```ts
 * const instruct = parseInstruct({
 *   status: 200,
 *   reason: 'OK',
 *   headers: ['Grip-Hold', 'stream', 'Grip-Channel', 'news', 'Content-Type', 'text/plain'],
 *   body: new TextEncoder().encode('[open]\n'),
 * });
 * if (instruct.ok) console.log(instruct.value.channels[0]?.name); // news
 * ```
 */
export function parseInstruct(response: OriginResponse, prefix = '', readsJson = true): Result<Instruct> {
  const parts = parseInstructHeaders(response.headers, prefix);
  if (!parts.ok) return parts;
  if (!readsJson || !hasInstructContent(response.headers))
    return ok(withOriginResponse(parts.value, response));
  if (response.status !== 200) return fail(`response code for ${INSTRUCT_CONTENT_TYPE} content must be 200`);
  const json = parseInstructJson(response.body, parts.value, prefix);
  return json.ok ? ok(makeInstruct(json.value, json.value.response)) : json;
}

/**
 * Reads the instruct in the response of a next link. It is in the headers only: the body is content for the client.
 * Source: Pushpin 1.36.
 *
 * @param readsJson false: a body of the type of instructs is content too; else it is an error
 */
export function parseLinkInstruct(response: OriginResponse, prefix = '', readsJson = true): Result<Instruct> {
  const parts = parseInstructHeaders(response.headers, prefix);
  if (!parts.ok) return parts;
  if (readsJson && hasInstructContent(response.headers)) {
    return fail(`failed to parse ${INSTRUCT_CONTENT_TYPE} content as JSON`);
  }
  return ok(withOriginResponse(parts.value, response));
}

function hasInstructContent(headers: HeaderList): boolean {
  return isMediaType(headerValue(headers, 'content-type'), INSTRUCT_CONTENT_TYPE);
}

function withOriginResponse(parts: InstructHeaders, response: OriginResponse): Instruct {
  return makeInstruct(parts, {
    code: parts.status?.code ?? response.status,
    reason: parts.status?.reason ?? response.reason,
    headers: exposedHeaders(response.headers),
    body: response.body,
  });
}

function makeInstruct(parts: InstructHeaders, response: InstructResponse): Instruct {
  return {
    hold: parts.hold,
    channels: parts.channels,
    timeoutSeconds: parts.timeoutSeconds,
    keepAlive: parts.keepAlive,
    meta: parts.meta,
    nextLink: parts.links.next,
    goneLink: parts.links.gone,
    slowClient: parts.slowClient,
    response,
  };
}
