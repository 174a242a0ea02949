import { decodeUtf8Strict } from './text.js';

/** A message for a WebSocket's client, other than its end. */
export interface WsContent {
  readonly type: 'text' | 'binary' | 'ping' | 'pong';
  /** UTF-8 where the type is `text`; at most 125 bytes where it is `ping` or `pong`. */
  readonly content: Uint8Array;
}

/** The most bytes of a ping or pong: RFC 6455 5.5. */
const MAX_CONTROL_BYTES = 125;

/** The kind of message that JSON calls so, or undefined. */
export function parseWsContentType(name: string): WsContent['type'] | undefined {
  return name === 'text' || name === 'binary' || name === 'ping' || name === 'pong' ? name : undefined;
}

/** Why such a message cannot be sent; undefined where it can. Source: RFC 6455 5.5, 5.6. */
export function findWsContentFault(type: WsContent['type'], content: Uint8Array): string | undefined {
  if (type === 'text') return decodeUtf8Strict(content) === undefined ? 'text must be UTF-8' : undefined;
  if (type === 'binary' || content.length <= MAX_CONTROL_BYTES) return undefined;
  return `a ${type} holds at most ${MAX_CONTROL_BYTES} bytes`;
}
