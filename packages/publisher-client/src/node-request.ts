import { concatBytes, encodeUtf8, isBytes, type WebSocketContext } from '@p-8/protocol';
import {
  type ChannelPrefix,
  getWebSocketContextImpl,
  isWsOverHttpImpl,
  type RequestHeaders,
} from './ws-over-http.js';

/** As much of Node's `IncomingMessage` as is needed, and where body parsers leave what they have read. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly readableDidRead?: boolean;
  readonly body?: unknown;
  readonly rawBody?: unknown;
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

/** Whether a request carries the events of a WebSocket. */
export function isNodeReqWsOverHttp(req: Pick<NodeRequest, 'method' | 'headers'>): boolean {
  return isWsOverHttpImpl(req.method, headersOf(req));
}

/**
 * The WebSocket that a request belongs to, with its events. A body that has been read by a body parser is taken from
 * `rawBody` or `body`, where it is bytes or text.
 * @param prefix stands before the channels that it subscribes to. Give the publisher, and both are the same
 * @throws ConnectionIdMissingException, WebSocketDecodeEventException
 * @throws Error where the request breaks off, or somebody has read its body and kept nothing.
 */
export function getWebSocketContextFromNodeReq(
  req: NodeRequest,
  prefix: ChannelPrefix = '',
): Promise<WebSocketContext> {
  return getWebSocketContextImpl(headersOf(req), () => readBody(req), prefix);
}

function headersOf({ headers }: Pick<NodeRequest, 'headers'>): RequestHeaders {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value != null) fields.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
  }
  return fields;
}

async function readBody(req: NodeRequest): Promise<Uint8Array> {
  const kept = [req.rawBody, req.body].map(toBytes).find((bytes) => bytes !== undefined);
  if (kept !== undefined) return kept;
  if (req.readableDidRead) {
    throw new Error(
      'The WebSocket events have been read by a body parser: it must come later, or keep them raw.',
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of req) chunks.push(toBytes(chunk) ?? new Uint8Array());
  return concatBytes(chunks);
}

function toBytes(content: unknown): Uint8Array | undefined {
  if (typeof content === 'string') return encodeUtf8(content);
  return isBytes(content) ? content : undefined;
}
