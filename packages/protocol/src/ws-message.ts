import { parseAction, parseContent, parseContentFilters } from './format-fields.js';
import type { WsMessageClose, WsMessageFormat, WsMessageSend } from './formats.js';
import { toInteger } from './integer.js';
import { type JsonObject, member, optionalString, wrongType } from './json.js';
import { fail, ok, type Result } from './result.js';
import { encodeUtf8 } from './text.js';
import { isSendableCloseCode, MAX_CLOSE_REASON_BYTES } from './ws-close.js';
import { findWsContentFault, parseWsContentType } from './ws-content.js';

const WS_MESSAGE = "'ws-message'";

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
  // Text that came as a string is UTF-8 once it is encoded.
  const isString = key === 'content' && typeof member(object, key) === 'string';
  const fault = effectiveType === 'text' && isString ? undefined : findWsContentFault(effectiveType, content);
  if (fault !== undefined) return fail(`${WS_MESSAGE} contains '${key}' with invalid value: ${fault}`);
  return ok({ action: 'send', type: effectiveType, content, contentFilters: contentFilters.value });
}

function parseType(object: JsonObject): Result<WsMessageSend['type'] | undefined> {
  const type = optionalString(object, WS_MESSAGE, 'type');
  if (!type.ok) return type;
  if (type.value === undefined) return ok(undefined);
  const known = parseWsContentType(type.value);
  return known === undefined ? fail(`${WS_MESSAGE} contains 'type' with unknown value`) : ok(known);
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
