import {
  decodeUtf8,
  encodeUtf8,
  encodeWsEvents,
  parseWsEvents,
  WebSocketEvent,
  type WsEventInput,
} from '@p-8/protocol';
import { WebSocketDecodeEventException } from './web-socket-exceptions.js';

/** One event of a WebSocket that is carried over HTTP; {@link WebSocketEvent} is one. */
export interface IWebSocketEvent {
  /** `OPEN`, `TEXT`, `BINARY`, `PING`, `PONG`, `CLOSE` or `DISCONNECT`. */
  type: string;
  content: Uint8Array | string | null;
  getType(): string;
  getContent(): Uint8Array | string | null;
}

/** Writes events for a response's body. */
export function encodeWebSocketEvents(events: readonly (IWebSocketEvent | WsEventInput)[]): Uint8Array {
  return encodeWsEvents(
    events.map((event) => {
      const [type, content] =
        'getType' in event ? [event.getType(), event.getContent()] : [event.type, event.content];
      // Tells content that is empty from none, as js-grip does: then the line's end is followed by an empty line.
      return content?.length === 0 ? { type: `${type} 0\r\n` } : { type, content };
    }),
  );
}

/**
 * Reads the events in a request's body. Their contents are text where the body is text.
 * @throws WebSocketDecodeEventException where they cannot be read.
 */
export function decodeWebSocketEvents(body: Uint8Array | string): WebSocketEvent[] {
  const events = parseWsEvents(typeof body === 'string' ? encodeUtf8(body) : body);
  if (!events.ok) throw new WebSocketDecodeEventException(`bad format: ${events.message}`);
  return events.value.map(({ type, content }) => {
    const isText = typeof body === 'string' && content !== undefined;
    return new WebSocketEvent(type, isText ? decodeUtf8(content) : content);
  });
}

/** A control message, in JSON, for `sendControl` of a WebSocket's context. */
export function createWebSocketControlMessage(type: string, args: object | null = null): string {
  return JSON.stringify({ ...args, type });
}
