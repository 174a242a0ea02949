import { isMediaType } from './media-type.js';
import { fail, ok, type Result } from './result.js';
import { bytesToBinary, concatBytes, encodeUtf8 } from './text.js';

/** The media type of WebSocket events, in requests to an origin and in its answers. */
export const WS_EVENTS_CONTENT_TYPE = 'application/websocket-events';

/** One event of a WebSocket that is carried over HTTP. */
export interface WsEvent {
  /** `OPEN`, `TEXT`, `BINARY`, `PING`, `PONG`, `CLOSE` or `DISCONNECT`; whoever gets another one ignores it. */
  readonly type: string;
  /** Undefined is no content, which means the same as empty content. */
  readonly content: Uint8Array | undefined;
}

/** An event as it may be given to write: its content may be text, and null is no content. */
export interface WsEventInput {
  readonly type: string;
  readonly content?: Uint8Array | string | null | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const CRLF = encodeUtf8('\r\n');

/** Whether a message's `Content-Type` says that its body is events. Parameters such as `charset` do not matter. */
export function isWsEventsType(contentType: string | undefined): boolean {
  return isMediaType(contentType, WS_EVENTS_CONTENT_TYPE);
}

/**
 * Writes events, one after the other: `TYPE LENGTH`, the length in hex, then the content. Empty content is written as
 * none. Source: WebSocket-over-HTTP.
 *
 * @example
 * ```ts
 * encodeWsEvents([{ type: 'TEXT', content: new TextEncoder().encode('hello') }]); // TEXT 5\r\nhello\r\n
 * ```
 */
export function encodeWsEvents(events: readonly WsEventInput[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { type, content } of events) {
    const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
    if (bytes === undefined || bytes === null || bytes.length === 0) parts.push(encodeUtf8(`${type}\r\n`));
    else parts.push(encodeUtf8(`${type} ${bytes.length.toString(16)}\r\n`), bytes, CRLF);
  }
  return concatBytes(parts);
}

/**
 * Reads events. As lenient as Pushpin 1.36 with what comes after a content and with a last content that is cut short;
 * only a line without end and a length that is no hex number are errors. Events of unknown types are in the list too.
 *
 * @returns events whose contents are views of `body`
 */
export function parseWsEvents(body: Uint8Array): Result<WsEvent[]> {
  const events: WsEvent[] = [];
  let at = 0;
  while (at < body.length) {
    const lineEnd = findLineEnd(body, at);
    if (lineEnd === -1) return fail('an event without the end of its line');
    const space = body.subarray(at, lineEnd).indexOf(SPACE);
    if (space === -1) {
      events.push({ type: bytesToBinary(body.subarray(at, lineEnd)), content: undefined });
      at = lineEnd + 2;
      continue;
    }
    const type = bytesToBinary(body.subarray(at, at + space));
    const length = parseHex(body.subarray(at + space + 1, lineEnd));
    if (length === undefined) return fail('an event whose length is not a hex number');
    const start = lineEnd + 2;
    events.push({ type, content: body.subarray(start, start + length) });
    // The two bytes after the content are skipped, whatever they are.
    at = start + length + 2;
  }
  return ok(events);
}

function findLineEnd(body: Uint8Array, start: number): number {
  let at = body.indexOf(CR, start);
  while (at !== -1 && body[at + 1] !== LF) at = body.indexOf(CR, at + 1);
  return at;
}

/** Digits only: Pushpin also takes a sign, and a negative length sends it back to what it has read. */
function parseHex(digits: Uint8Array): number | undefined {
  if (digits.length === 0) return undefined;
  let value = 0;
  for (const digit of digits) {
    const bits = hexDigit(digit);
    if (bits === undefined) return undefined;
    // Whatever does not fit a number is more than there is.
    value = value * 16 + bits;
  }
  return value;
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}
