import { decodeBase64 } from './base64.js';
import { toInteger } from './integer.js';
import { isJsonObject, type JsonObject, member, parseJson, requiredString, wrongType } from './json.js';
import { DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS } from './keep-alive.js';
import { boundedName, boundedNames } from './name.js';
import { fail, ok, type Result } from './result.js';
import { encodeUtf8 } from './text.js';
import { findWsContentFault, parseWsContentType, type WsContent } from './ws-content.js';

/** What an origin asks the proxy to do with a WebSocket. */
export type ControlMessage =
  | ControlSubscribe
  | { readonly type: 'unsubscribe'; readonly channel: string }
  | { readonly type: 'detach' }
  | { readonly type: 'flush-delayed' }
  | { readonly type: 'ack' }
  | { readonly type: 'session'; readonly id: string | undefined }
  | { readonly type: 'set-meta'; readonly name: string; readonly value: string | undefined }
  | ControlKeepAlive
  | {
      readonly type: 'send-delayed';
      readonly message: WsContent;
      /** At least 1. */
      readonly timeoutSeconds: number;
    };

/** Has what is published to a channel sent to the client. */
export interface ControlSubscribe {
  readonly type: 'subscribe';
  readonly channel: string;
  readonly filters: readonly string[];
  /** The id of the last item of the channel that the client has. Pushpin does not know it. */
  readonly lastId: string | undefined;
}

/** Has a message sent to the client again and again. */
export interface ControlKeepAlive {
  readonly type: 'keep-alive';
  /** Undefined turns it off. */
  readonly message: WsContent | undefined;
  /** Seconds between two of them; at least 1. */
  readonly timeoutSeconds: number;
  /** `idle`: counted from the last message to the client; `interval`: whatever is sent. */
  readonly mode: 'idle' | 'interval';
}

/** Seconds that a delayed message waits where the origin does not say. */
const DEFAULT_DELAY_SECONDS = 1;

// What 32 bits hold, as for all integers of GRIP.
const MAX_SECONDS = 2147483647;

const CONTROL = 'control message';

/**
 * Reads a control message: the JSON after `c:` of a text from an origin that speaks GRIP. Members that it does not need
 * are not looked at, and null is no way to leave a member out. Source: GRIP, Pushpin 1.41.
 *
 * @param prefix what the route puts before names of channels: it counts where they are too long
 *
 * @example
 * ```ts
 * const json = new TextEncoder().encode('{"type": "subscribe", "channel": "news"}');
 * parseControlMessage(json); // { ok: true, value: { type: 'subscribe', channel: 'news', filters: [], lastId: undefined } }
 * ```
 */
export function parseControlMessage(json: Uint8Array, prefix = ''): Result<ControlMessage> {
  const object = parseJson(json);
  if (object === undefined) return fail(`${CONTROL} is not JSON`);
  if (!isJsonObject(object)) return fail(`${CONTROL} is not an object`);
  const type = requiredString(object, CONTROL, 'type');
  if (!type.ok) return type;
  switch (type.value) {
    case 'subscribe':
      return parseSubscribe(object, prefix);
    case 'unsubscribe': {
      const channel = channelName(object, prefix);
      return channel.ok ? ok({ type: 'unsubscribe', channel: channel.value }) : channel;
    }
    case 'detach':
    case 'flush-delayed':
    case 'ack':
      return ok({ type: type.value });
    case 'session': {
      const id = maybeString(object, 'id');
      return id.ok ? ok({ type: 'session', id: id.value === '' ? undefined : id.value }) : id;
    }
    case 'set-meta':
      return parseSetMeta(object);
    case 'keep-alive':
      return parseKeepAlive(object);
    case 'send-delayed':
      return parseSendDelayed(object);
    default:
      return fail(`${CONTROL} contains 'type' with unknown value`);
  }
}

function parseSubscribe(object: JsonObject, prefix: string): Result<ControlMessage> {
  const channel = channelName(object, prefix);
  if (!channel.ok) return channel;
  const value = member(object, 'filters') ?? [];
  if (!Array.isArray(value) || member(object, 'filters') === null) return wrongType(CONTROL, 'filters');
  const filters: string[] = [];
  for (const filter of value as readonly unknown[]) {
    if (typeof filter !== 'string') return fail('filters contains element with wrong type');
    filters.push(filter);
  }
  const bounded = boundedNames(ok(filters), CONTROL, 'filters');
  if (!bounded.ok) return bounded;
  const id = boundedName(maybeString(object, 'last-id'), CONTROL, 'last-id');
  if (!id.ok) return id;
  // Whoever has nothing writes it empty, as clients do with Last-Event-ID.
  const lastId = id.value === '' ? undefined : id.value;
  return ok({ type: 'subscribe', channel: channel.value, filters, lastId });
}

function parseSetMeta(object: JsonObject): Result<ControlMessage> {
  const name = boundedName(nonEmptyString(object, 'name'), CONTROL, 'name');
  if (!name.ok) return name;
  const value = maybeString(object, 'value');
  return value.ok ? ok({ type: 'set-meta', name: name.value, value: value.value }) : value;
}

function parseKeepAlive(object: JsonObject): Result<ControlMessage> {
  const message = parseMessage(object);
  if (!message.ok) return message;
  const mode = maybeString(object, 'mode');
  if (!mode.ok) return mode;
  const timeout = parseTimeout(object, message.value.hasContent, DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS);
  if (!timeout.ok) return timeout;
  return ok({
    type: 'keep-alive',
    message: message.value.hasContent ? message.value.message : undefined,
    timeoutSeconds: timeout.value,
    // As in Pushpin, whatever else is written there.
    mode: mode.value === 'interval' ? 'interval' : 'idle',
  });
}

function parseSendDelayed(object: JsonObject): Result<ControlMessage> {
  const message = parseMessage(object);
  if (!message.ok) return message;
  const timeout = parseTimeout(object, message.value.hasContent, DEFAULT_DELAY_SECONDS);
  if (!timeout.ok) return timeout;
  return ok({ type: 'send-delayed', message: message.value.message, timeoutSeconds: timeout.value });
}

/** The message in `content-bin` or else `content`; without either it is empty. */
function parseMessage(object: JsonObject): Result<{ message: WsContent; hasContent: boolean }> {
  const typeName = maybeString(object, 'message-type');
  if (!typeName.ok) return typeName;
  // Where `content-bin` of a published message is binary, here it is text as well. Source: Pushpin.
  const type = parseWsContentType(typeName.value ?? 'text');
  if (type === undefined) return fail(`${CONTROL} contains 'message-type' with unknown value`);
  const isBinary = member(object, 'content-bin') !== undefined;
  const key = isBinary ? 'content-bin' : 'content';
  const text = maybeString(object, key);
  if (!text.ok) return text;
  if (text.value === undefined)
    return ok({ message: { type, content: new Uint8Array() }, hasContent: false });
  const content = isBinary ? decodeBase64(text.value) : encodeUtf8(text.value);
  const fault = findWsContentFault(type, content);
  if (fault !== undefined) return fail(`${CONTROL} contains '${key}' with invalid value: ${fault}`);
  return ok({ message: { type, content }, hasContent: true });
}

/** `timeout`, which counts where there is content only; 0 is as none. */
function parseTimeout(object: JsonObject, counts: boolean, defaultSeconds: number): Result<number> {
  const value = member(object, 'timeout');
  if (!counts || value === undefined) return ok(defaultSeconds);
  const seconds = toSeconds(value);
  if (seconds === undefined) return wrongType(CONTROL, 'timeout');
  if (seconds < 0 || seconds > MAX_SECONDS) return fail(`${CONTROL} contains 'timeout' with invalid value`);
  return ok(seconds === 0 ? defaultSeconds : seconds);
}

/** As Pushpin converts: fractions are rounded, booleans are 0 and 1, and a string that is no integer is 0. */
function toSeconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.round(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return toInteger(value) ?? 0;
  return undefined;
}

function nonEmptyString(object: JsonObject, key: string): Result<string> {
  const value = requiredString(object, CONTROL, key);
  return value.ok && value.value === '' ? fail(`${CONTROL} contains '${key}' with invalid value`) : value;
}

function channelName(object: JsonObject, prefix: string): Result<string> {
  return boundedName(nonEmptyString(object, 'channel'), CONTROL, 'channel', prefix);
}

/** A member that is a string, or absent. */
function maybeString(object: JsonObject, key: string): Result<string | undefined> {
  const value = member(object, key);
  return value === undefined || typeof value === 'string' ? ok(value) : wrongType(CONTROL, key);
}
