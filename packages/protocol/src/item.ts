import type { HttpResponseFormat, HttpStreamFormat, WsMessageFormat } from './formats.js';
import { parseHttpResponse, parseHttpStream } from './http-formats.js';
import { toInteger } from './integer.js';
import {
  isJsonObject,
  type JsonObject,
  member,
  optionalMeta,
  optionalString,
  requiredString,
  wrongType,
} from './json.js';
import { boundedName } from './name.js';
import { fail, ok, type Result } from './result.js';
import { parseWsMessage } from './ws-message.js';

/** One published message: what to send to the clients that a channel has, for each kind of client. */
export interface Item {
  /** With the route's prefix, if it has one. */
  readonly channel: string;
  /** An empty string is an id too. */
  readonly id: string | undefined;
  /** The id of the item that comes before it on the channel. */
  readonly prevId: string | undefined;
  /** Deliver at once, whatever the order. */
  readonly noSeq: boolean;
  /** Bytes to count in statistics, in place of the content's own. */
  readonly size: number | undefined;
  /** What filters look at. */
  readonly meta: ReadonlyMap<string, string>;
  readonly httpResponse: HttpResponseFormat | undefined;
  readonly httpStream: HttpStreamFormat | undefined;
  readonly wsMessage: WsMessageFormat | undefined;
}

const ITEM = 'publish item object';
/** The names of formats. */
export const FORMAT_NAMES: readonly ['http-response', 'http-stream', 'ws-message'] = [
  'http-response',
  'http-stream',
  'ws-message',
];

/**
 * Reads an item as publishers write it. Unknown members and formats are ignored, and null stands for an absent string or
 * object. Wherever content is a string it may be a Uint8Array, for publishers in the same process. Source: GRIP, Pushpin
 * 1.36.
 *
 * @example
 * ```ts
 * parseItem({ channel: 'news', formats: { 'http-stream': { content: 'hello\n' } } });
 * ```
 */
export function parseItem(value: unknown): Result<Item> {
  if (!isJsonObject(value)) return fail(`${ITEM} is not an object`);
  const channel = boundedName(requiredString(value, ITEM, 'channel'), ITEM, 'channel');
  if (!channel.ok) return channel;
  const id = boundedName(optionalString(value, ITEM, 'id'), ITEM, 'id');
  if (!id.ok) return id;
  const prevId = boundedName(optionalString(value, ITEM, 'prev-id'), ITEM, 'prev-id');
  if (!prevId.ok) return prevId;

  const formats = findFormats(value);
  if (!formats.ok) return formats;
  const httpResponse = parseFormat(formats.value, 'http-response', parseHttpResponse);
  if (!httpResponse.ok) return httpResponse;
  const httpStream = parseFormat(formats.value, 'http-stream', parseHttpStream);
  if (!httpStream.ok) return httpStream;
  const wsMessage = parseFormat(formats.value, 'ws-message', parseWsMessage);
  if (!wsMessage.ok) return wsMessage;

  const meta = optionalMeta(value, ITEM);
  if (!meta.ok) return meta;
  const size = parseSize(value);
  if (!size.ok) return size;
  const noSeqValue = member(value, 'no-seq');
  const noSeq = noSeqValue === undefined ? false : noSeqValue;
  if (typeof noSeq !== 'boolean') return wrongType(ITEM, 'no-seq');
  return ok({
    channel: channel.value,
    id: id.value,
    prevId: prevId.value,
    noSeq,
    size: size.value,
    meta: meta.value,
    httpResponse: httpResponse.value,
    httpStream: httpStream.value,
    wsMessage: wsMessage.value,
  });
}

/**
 * Reads the body of a publish request, `{"items": [item, …]}`, once it has been parsed as JSON (undefined if it is none).
 * One bad item refuses them all. Messages are those of Pushpin's control API. Source: Pushpin 1.36.
 */
export function parseItems(body: unknown): Result<Item[]> {
  if (Array.isArray(body)) return fail('Invalid format.');
  if (!isJsonObject(body)) return fail('Body is not valid JSON.');
  const list = member(body, 'items');
  if (list === undefined) return fail("Invalid format: object does not contain 'items'");
  if (!Array.isArray(list)) return fail("Invalid format: object contains 'items' with wrong type");
  const items: Item[] = [];
  for (const element of list as readonly unknown[]) {
    const item = parseItem(element);
    if (!item.ok) return fail(`Invalid format: ${item.message}`);
    items.push(item.value);
  }
  return ok(items);
}

/** The object that has the formats: `formats`, or in the older notation the item itself. */
function findFormats(item: JsonObject): Result<JsonObject> {
  const formats = member(item, 'formats') ?? undefined;
  if (formats === undefined) {
    const hasFormat = FORMAT_NAMES.some((name) => (member(item, name) ?? undefined) !== undefined);
    return hasFormat ? ok(item) : fail('no formats specified');
  }
  if (!isJsonObject(formats)) return wrongType(ITEM, 'formats');
  // With only formats that nobody knows, an item is valid and does nothing.
  return Object.keys(formats).length > 0 ? ok(formats) : fail('no formats specified');
}

function parseFormat<T>(
  formats: JsonObject,
  name: (typeof FORMAT_NAMES)[number],
  parse: (value: unknown) => Result<T>,
): Result<T | undefined> {
  const value = member(formats, name) ?? undefined;
  return value === undefined ? ok(undefined) : parse(value);
}

function parseSize(item: JsonObject): Result<number | undefined> {
  const value = member(item, 'size');
  if (value === undefined) return ok(undefined);
  const size = toInteger(value);
  if (size === undefined) return wrongType(ITEM, 'size');
  return size < 0 ? fail(`${ITEM} contains 'size' with invalid value`) : ok(size);
}
