import { parseAction, parseContent, parseContentFilters } from './format-fields.js';
import type { WsMessageClose, WsMessageFormat, WsMessageSend } from './formats.js';
import { toInteger } from './integer.js';
import { type JsonObject, member, optionalString, wrongType } from './json.js';
import { fail, ok, type Result } from './result.js';
import { decodeUtf8Strict, encodeUtf8 } from './text.js';

const WS_MESSAGE = "'ws-message'";

// RFC 6455 5.5: a control frame holds 125 bytes, of which a close code takes two.
const MAX_PING_BYTES = 125;
const MAX_CLOSE_REASON_BYTES = 123;

/**
 * Reads the format `ws-message` of an item. What could not be sent is refused here, where the publisher hears of it:
 * text that is not UTF-8, a close code that is reserved, a ping that is too long. Source: GRIP, Pushpin 1.36, RFC 6455.
 */
export function parseWsMessage(value: unknown): Result<WsMessageFormat> {
  const format = parseAction(value, WS_MESSAGE);
  if (!format.ok) return format;
  const { object, action } = format.value;
  if (action === 'send') return parseSend(object);
  if (action === 'close') return parseClose(object);
  return ok({ action });
}

/** Whether an endpoint may send this close code. Source: RFC 6455 7.4, and IANA's registry for 1012 to 1014. */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

function parseSend(object: JsonObject): Result<WsMessageSend> {
  const type = parseType(object);
  if (!type.ok) return type;
  const contentFilters = parseContentFilters(object, WS_MESSAGE);
  if (!contentFilters.ok) return contentFilters;
  const key = member(object, 'content-bin') === undefined ? 'content' : 'content-bin';
  const parsed = parseContent(object, WS_MESSAGE, 'content');
  if (!parsed.ok) return parsed;
  const effectiveType = type.value ?? (key === 'content' ? 'text' : 'binary');
  const isControl = effectiveType === 'ping' || effectiveType === 'pong';
  const content = parsed.value ?? (isControl ? new Uint8Array() : undefined);
  if (content === undefined) return fail(`${WS_MESSAGE} does not contain 'content' or 'content-bin'`);
  const invalid = `${WS_MESSAGE} contains '${key}' with invalid value`;
  if (isControl && content.length > MAX_PING_BYTES) {
    return fail(`${invalid}: a ${effectiveType} holds at most ${MAX_PING_BYTES} bytes`);
  }
  // Text that came as a string is UTF-8 once it is encoded.
  const fromString = key === 'content' && typeof member(object, key) === 'string';
  if (effectiveType === 'text' && !fromString && decodeUtf8Strict(content) === undefined) {
    return fail(`${invalid}: text must be UTF-8`);
  }
  return ok({ action: 'send', type: effectiveType, content, contentFilters: contentFilters.value });
}

function parseType(object: JsonObject): Result<WsMessageSend['type'] | undefined> {
  const type = optionalString(object, WS_MESSAGE, 'type');
  if (!type.ok) return type;
  switch (type.value) {
    case undefined:
    case 'text':
    case 'binary':
    case 'ping':
    case 'pong':
      return ok(type.value);
    default:
      return fail(`${WS_MESSAGE} contains 'type' with unknown value`);
  }
}

function parseClose(object: JsonObject): Result<WsMessageClose> {
  const value = member(object, 'code');
  const code = value === undefined ? undefined : toInteger(value);
  if (value !== undefined && code === undefined) return wrongType(WS_MESSAGE, 'code');
  if (code !== undefined && !isSendableCloseCode(code)) {
    const message = `${WS_MESSAGE} contains 'code' with invalid value`;
    // Pushpin's text for what it refuses too, and more for what only we refuse.
    return fail(code < 0 ? message : `${message}: not a close code that may be sent`);
  }
  const reason = optionalString(object, WS_MESSAGE, 'reason');
  if (!reason.ok) return reason;
  if (encodeUtf8(reason.value ?? '').length > MAX_CLOSE_REASON_BYTES) {
    return fail(
      `${WS_MESSAGE} contains 'reason' with invalid value: more than ${MAX_CLOSE_REASON_BYTES} bytes`,
    );
  }
  return ok({ action: 'close', code, reason: reason.value === '' ? undefined : reason.value });
}
