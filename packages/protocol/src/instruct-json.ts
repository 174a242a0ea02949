import { decodeBase64 } from './base64.js';
import { type Channel, checkChannel } from './channel.js';
import { isFieldValue } from './header-rules.js';
import type { HoldMode, InstructResponse } from './instruct.js';
import { type InstructHeaders, MIN_HOLD_TIMEOUT_SECONDS } from './instruct-headers.js';
import { toInteger } from './integer.js';
import {
  isJsonObject,
  type JsonObject,
  member,
  optionalMeta,
  optionalString,
  optionalStrings,
  parseJson,
  requiredString,
  wrongType,
} from './json.js';
import { parseJsonHeaders } from './json-headers.js';
import { DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS, type KeepAlive, makeKeepAlive } from './keep-alive.js';
import { fail, ok, type Result } from './result.js';
import { parseStatusCode, reasonPhrase, type Status } from './status.js';
import { encodeHeaderText, encodeUtf8 } from './text.js';

/** An instruct's parts that both halves can set, and the response, which is all JSON's. */
interface InstructJson extends InstructHeaders {
  readonly response: InstructResponse;
}

const INT32_MAX = 2147483647;

/**
 * Reads the body of an `application/grip-instruct` response. What the headers said is the base: JSON adds channels and
 * meta, and overrides the rest. Unknown members are ignored. Source: GRIP, Pushpin 1.36.
 *
 * @param prefix what the route puts before names of channels
 */
export function parseInstructJson(
  body: Uint8Array,
  base: InstructHeaders,
  prefix: string,
): Result<InstructJson> {
  const json = parseJson(body);
  if (Array.isArray(json)) return fail('instruct must be an object');
  if (!isJsonObject(json)) return fail('failed to parse application/grip-instruct content as JSON');

  const hold = member(json, 'hold');
  if (hold !== undefined && !isJsonObject(hold)) return wrongType('instruct', 'hold');
  const held = hold === undefined ? ok(base) : parseHold(hold, base, prefix);
  if (!held.ok) return held;

  const response = member(json, 'response') === undefined ? {} : member(json, 'response');
  if (!isJsonObject(response)) return wrongType('instruct', 'response');
  const parsed = parseResponse(response, base.status);
  return parsed.ok ? ok({ ...held.value, response: parsed.value }) : parsed;
}

function parseHold(hold: JsonObject, base: InstructHeaders, prefix: string): Result<InstructHeaders> {
  const mode = parseMode(hold);
  if (!mode.ok) return mode;
  const channels = parseChannelList(hold, prefix);
  if (!channels.ok) return channels;
  const timeoutSeconds = parseTimeout(hold, 'hold', base.timeoutSeconds);
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const keepAlive = parseKeepAlive(hold, base.keepAlive);
  if (!keepAlive.ok) return keepAlive;
  const meta = optionalMeta(hold, 'hold');
  if (!meta.ok) return meta;
  return ok({
    ...base,
    hold: mode.value,
    channels: [...base.channels, ...channels.value],
    timeoutSeconds: Math.max(timeoutSeconds.value, MIN_HOLD_TIMEOUT_SECONDS),
    keepAlive: keepAlive.value,
    meta: new Map([...base.meta, ...meta.value]),
  });
}

function parseMode(hold: JsonObject): Result<HoldMode> {
  const mode = optionalString(hold, 'hold', 'mode');
  if (!mode.ok) return mode;
  if (mode.value === undefined) return ok('response');
  if (mode.value === 'response' || mode.value === 'stream') return ok(mode.value);
  return fail("hold 'mode' must be set to either 'response' or 'stream'");
}

function parseChannelList(hold: JsonObject, prefix: string): Result<Channel[]> {
  const list = member(hold, 'channels');
  if (list === undefined) return fail("hold does not contain 'channels'");
  if (!Array.isArray(list)) return wrongType('hold', 'channels');
  const channels: Channel[] = [];
  for (const element of list as readonly unknown[]) {
    const channel = parseChannel(element, prefix);
    if (!channel.ok) return channel;
    channels.push(channel.value);
  }
  return ok(channels);
}

function parseChannel(value: unknown, prefix: string): Result<Channel> {
  if (!isJsonObject(value)) return fail('channel is not an object');
  const name = requiredString(value, 'channel', 'name');
  if (!name.ok) return name;
  const prevId = optionalString(value, 'channel', 'prev-id');
  if (!prevId.ok) return prevId;
  const filters = optionalStrings(value, 'channel', 'filters', 'filters contains value with wrong type');
  if (!filters.ok) return filters;
  const read = { name: name.value, prevId: prevId.value, filters: filters.value ?? [] };
  return checkChannel(read, 'channel', prefix);
}

function parseTimeout(object: JsonObject, parent: string, fallback: number): Result<number> {
  const value = member(object, 'timeout');
  if (value === undefined) return ok(fallback);
  const seconds = toInteger(value);
  if (seconds === undefined) return wrongType(parent, 'timeout');
  if (seconds < 0 || seconds > INT32_MAX) return fail(`${parent} contains 'timeout' with invalid value`);
  return ok(seconds);
}

/**
 * JSON has no way to give the mode. Without one from a header it is `interval`: that is how Pushpin behaves, and an
 * origin's clients can tell.
 */
function parseKeepAlive(hold: JsonObject, base: KeepAlive | undefined): Result<KeepAlive | undefined> {
  const value = member(hold, 'keep-alive') ?? undefined;
  if (value === undefined) return ok(base);
  if (!isJsonObject(value)) return wrongType('hold', 'keep-alive');
  const data = parseBytes(value, 'keep-alive', 'content');
  if (!data.ok) return data;
  const fallback = base?.timeoutSeconds ?? DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS;
  const timeoutSeconds = parseTimeout(value, 'keep-alive', fallback);
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const bytes = data.value ?? base?.data ?? new Uint8Array();
  return ok(makeKeepAlive(bytes, timeoutSeconds.value, base?.mode ?? 'interval'));
}

function parseResponse(response: JsonObject, status: Status | undefined): Result<InstructResponse> {
  const codeValue = member(response, 'code');
  const code = codeValue === undefined ? ok(status?.code ?? 200) : parseStatusCode(codeValue, 'response');
  if (!code.ok) return code;
  const reason = optionalString(response, 'response', 'reason');
  if (!reason.ok) return reason;
  const reasonText = encodeHeaderText(reason.value ?? '');
  if (!isFieldValue(reasonText)) return fail("response contains 'reason' with invalid value");
  // A code of its own makes the reason of Grip-Status stale.
  const fallback = (codeValue === undefined ? status?.reason : undefined) ?? reasonPhrase(code.value);

  const headers = parseJsonHeaders(member(response, 'headers'), 'response');
  if (!headers.ok) return headers;
  const body = parseBytes(response, 'response', 'body');
  if (!body.ok) return body;
  return ok({
    code: code.value,
    reason: reasonText === '' ? fallback : reasonText,
    headers: headers.value,
    // Pushpin takes a missing body for a failed filter and answers 502; it is just empty.
    body: body.value ?? new Uint8Array(),
  });
}

/** The member `KEY-bin` in base64 or else `KEY` as text. */
function parseBytes(object: JsonObject, parent: string, key: string): Result<Uint8Array | undefined> {
  const binary = optionalString(object, parent, `${key}-bin`);
  if (!binary.ok) return binary;
  if (binary.value !== undefined) return ok(decodeBase64(binary.value));
  const text = optionalString(object, parent, key);
  if (!text.ok) return text;
  return ok(text.value === undefined ? undefined : encodeUtf8(text.value));
}
