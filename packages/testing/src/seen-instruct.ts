import type { OutgoingHttpHeaders } from 'node:http';
import {
  type Channel,
  type ControlMessage,
  decodeUtf8,
  type HeaderList,
  isInstruct,
  isWsEventsType,
  ok,
  parseControlMessage,
  parseInstruct,
  parseWsEvents,
  type Result,
} from '@p-8/protocol';
import type { OriginAnswer, OriginRequest } from './origin-request.js';
import { quote } from './timeline.js';

/** What an origin told the proxy to do, by one answer. */
export interface SeenInstruct {
  /** The request that was answered. */
  readonly request: OriginRequest;
  /** `websocket`: by control messages, which are in {@link SeenInstruct.controls}. */
  readonly hold: 'none' | 'response' | 'stream' | 'websocket';
  /** The channels to subscribe to. */
  readonly channels: readonly Channel[];
  /** Seconds until a response hold is answered without an item; undefined for other holds. */
  readonly timeoutSeconds: number | undefined;
  readonly keepAlive:
    | { readonly data: string; readonly timeoutSeconds: number; readonly mode: string }
    | undefined;
  readonly nextLink: string | undefined;
  readonly meta: Readonly<Record<string, string>>;
  /** What the client is to see, at once or when the time of a response hold is up. */
  readonly response: { readonly status: number; readonly body: string };
  readonly controls: readonly ControlMessage[];
}

const CONTROL_PREFIX = 'c:';

/** Whether a head says that the answer is for the proxy. */
export function isInstructHead(headers: OutgoingHttpHeaders, readsJson: boolean): boolean {
  return isInstruct(headerList(headers), readsJson);
}

/** Reads an answer; undefined: it tells the proxy nothing. */
export function seenInstruct(
  request: OriginRequest,
  { status, headers }: OriginAnswer,
  body: Buffer,
  readsJson: boolean,
): Result<SeenInstruct> | undefined {
  if (request.isWebSocket)
    return isWsEventsType(String(headers['content-type'])) ? webSocketInstruct(request, body) : undefined;
  const list = headerList(headers);
  if (!isInstruct(list, readsJson)) return undefined;
  const read = parseInstruct({ status, reason: '', headers: list, body }, '', readsJson);
  if (!read.ok) return read;
  const { hold, channels, timeoutSeconds, keepAlive, nextLink, meta, response } = read.value;
  return ok({
    request,
    hold,
    channels,
    timeoutSeconds: hold === 'response' ? timeoutSeconds : undefined,
    keepAlive: keepAlive && { ...keepAlive, data: decodeUtf8(keepAlive.data) },
    nextLink: nextLink?.uri,
    meta: Object.fromEntries(meta),
    response: { status: response.code, body: decodeUtf8(response.body) },
    controls: [],
  });
}

function headerList(headers: OutgoingHttpHeaders): HeaderList {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [name, String(one)]),
  );
}

function webSocketInstruct(request: OriginRequest, body: Buffer): Result<SeenInstruct> | undefined {
  const events = parseWsEvents(body);
  if (!events.ok) return events;
  const controls: ControlMessage[] = [];
  for (const { type, content } of events.value) {
    if (type !== 'TEXT' || content === undefined || !decodeUtf8(content).startsWith(CONTROL_PREFIX)) continue;
    const control = parseControlMessage(content.subarray(CONTROL_PREFIX.length));
    if (!control.ok) return control;
    controls.push(control.value);
  }
  if (controls.length === 0) return undefined;
  const channels = controls.flatMap((control) =>
    control.type === 'subscribe'
      ? [{ name: control.channel, prevId: undefined, filters: control.filters }]
      : [],
  );
  return ok({
    request,
    hold: 'websocket',
    channels,
    timeoutSeconds: undefined,
    keepAlive: undefined,
    nextLink: undefined,
    meta: {},
    response: { status: 200, body: '' },
    controls,
  });
}

/** An instruct in words. */
export function describeInstruct({ hold, channels, controls, nextLink }: SeenInstruct): string {
  const names = channels
    .map(({ name, prevId }) => (prevId === undefined ? name : `${name} (after ${prevId})`))
    .join(', ');
  const others = controls.map(({ type }) => type).filter((type) => type !== 'subscribe');
  const parts = [
    hold === 'websocket' ? '' : `hold ${hold}`,
    names === '' ? '' : `${hold === 'websocket' ? 'subscribe to' : 'on'} ${names}`,
    nextLink === undefined ? '' : `next ${nextLink}`,
    others.join(', '),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** WebSocket events in words: `OPEN, TEXT "hello"`. */
export function describeEvents(body: Buffer): string {
  const events = parseWsEvents(body);
  if (!events.ok) return 'no WebSocket events';
  const parts = events.value.map(({ type, content }) => {
    if (content === undefined) return type;
    return type === 'TEXT' ? `TEXT ${quote(decodeUtf8(content))}` : `${type} of ${content.length} bytes`;
  });
  return parts.join(', ') || 'no events';
}
