import { parseMeta, WebSocketContext, WS_EVENTS_CONTENT_TYPE } from '@p-8/protocol';
import { decodeWebSocketEvents } from './web-socket-events.js';
import { ConnectionIdMissingException } from './web-socket-exceptions.js';

export const CONTENT_TYPE_APPLICATION = 'application';
export const CONTENT_SUBTYPE_WEBSOCKET_EVENTS = 'websocket-events';
/** The media type of WebSocket events, in requests to an origin and in its answers. */
export const CONTENT_TYPE_WEBSOCKET_EVENTS: typeof WS_EVENTS_CONTENT_TYPE = WS_EVENTS_CONTENT_TYPE;

const ACCEPTED: readonly string[] = ['*/*', 'application/*', CONTENT_TYPE_WEBSOCKET_EVENTS];

/** The fields of a request: `Headers` of any runtime, or a Map with names in lower case. */
export interface RequestHeaders {
  get(name: string): string | null | undefined;
  forEach(callback: (value: string, name: string) => void): void;
}

/** As much of a request as is needed: any runtime's `Request` has it. */
export interface FetchRequest {
  readonly method: string;
  readonly headers: RequestHeaders;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What stands before all channels: a text, or a publisher, to have the one that it puts before them. */
export type ChannelPrefix = string | { readonly prefix?: string | undefined };

/** Whether a request carries the events of a WebSocket. */
export function isWsOverHttp(req: Pick<FetchRequest, 'method' | 'headers'>): boolean {
  return isWsOverHttpImpl(req.method, req.headers);
}

/**
 * The WebSocket that a request belongs to, with its events.
 * @param prefix stands before the channels that it subscribes to. Give the publisher, and both are the same
 * @throws ConnectionIdMissingException, WebSocketDecodeEventException
 *
 * @example
 * ```ts
 * const context = await getWebSocketContextFromReq(request, publisher);
 * if (context.isOpening()) context.accept();
 * return new Response(encodeWebSocketEvents(context.getOutgoingEvents()), { headers: context.toHeaders() });
 * ```
 */
export function getWebSocketContextFromReq(
  req: FetchRequest,
  prefix: ChannelPrefix = '',
): Promise<WebSocketContext> {
  return getWebSocketContextImpl(req.headers, async () => new Uint8Array(await req.arrayBuffer()), prefix);
}

/** {@link isWsOverHttp} for requests of any kind. */
export function isWsOverHttpImpl(method: string | undefined, headers: RequestHeaders): boolean {
  const types = (name: string): string[] =>
    (headers.get(name) ?? '').split(',').map((type) => type.replace(/;.*/, '').trim().toLowerCase());
  return (
    method === 'POST' &&
    types('content-type')[0] === CONTENT_TYPE_WEBSOCKET_EVENTS &&
    types('accept').some((type) => ACCEPTED.includes(type))
  );
}

/** {@link getWebSocketContextFromReq} for requests of any kind. */
export async function getWebSocketContextImpl(
  headers: RequestHeaders,
  getBody: () => Promise<Uint8Array>,
  prefix: ChannelPrefix,
): Promise<WebSocketContext> {
  const id = headers.get('connection-id');
  if (!id) throw new ConnectionIdMissingException('The request has no Connection-Id.');
  const fields: string[] = [];
  headers.forEach((value, name) => {
    fields.push(name, value);
  });
  const events = decodeWebSocketEvents(await getBody());
  const before = typeof prefix === 'string' ? prefix : prefix?.prefix;
  return new WebSocketContext(id, parseMeta(fields), events, before);
}
