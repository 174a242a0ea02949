import { isUtf8 } from 'node:buffer';
import { messagesFrame, quote } from '../sockjs/frames.js';
import { type Frame, frame } from './frame.js';

/** The kinds of WebSocket messages that are passed on; a close is none of them. */
export type MessageType = 'text' | 'binary' | 'ping' | 'pong';

/** The kinds of messages by the names of the events that carry them. */
export const MESSAGE_TYPES: ReadonlyMap<string, MessageType> = new Map([
  ['TEXT', 'text'],
  ['BINARY', 'binary'],
  ['PING', 'ping'],
  ['PONG', 'pong'],
]);

/** The most bytes of a ping or pong: RFC 6455 5.5. */
const MAX_CONTROL_BYTES = 125;

/** Why a message cannot be sent; undefined where it can. RFC 6455 5.5, 5.6. */
export function checkMessage(type: MessageType, content: Uint8Array): string | undefined {
  if (type === 'text') return isUtf8(content) ? undefined : 'text must be UTF-8';
  if (type === 'binary' || content.length <= MAX_CONTROL_BYTES) return undefined;
  return `a ${type} holds at most ${MAX_CONTROL_BYTES} bytes`;
}

/** A message on its way to clients. Its frame is made once, when the first client needs it, and is the same for all. */
export class WebSocketMessage {
  readonly type: MessageType;
  /** UTF-8 where the type is `text`. */
  readonly content: Uint8Array;
  #frame: Frame | undefined;
  #deflatedFrame: Frame | undefined;
  #quoted: string | undefined;
  #asSockJs: WebSocketMessage | undefined;

  constructor(type: MessageType, content: Uint8Array) {
    this.type = type;
    this.content = content;
  }

  /** The message as a server sends it. */
  get frame(): Frame {
    this.#frame ??= frame(this.type, this.content);
    return this.#frame;
  }

  /** The message as a server sends it where compression was agreed on. */
  get deflatedFrame(): Frame {
    this.#deflatedFrame ??= frame(this.type, this.content, { deflate: true });
    return this.#deflatedFrame;
  }

  /** The content as a text in JSON, for SockJS, which has no binary: what is no UTF-8 becomes U+FFFD. */
  get quoted(): string {
    this.#quoted ??= quote(Buffer.from(this.content).toString());
    return this.#quoted;
  }

  /** The message as a client gets it that speaks SockJS in a WebSocket. */
  get asSockJs(): WebSocketMessage {
    this.#asSockJs ??= new WebSocketMessage('text', Buffer.from(messagesFrame([this.quoted])));
    return this.#asSockJs;
  }
}
