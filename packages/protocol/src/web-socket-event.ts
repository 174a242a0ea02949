/**
 * An event that a handler's answer sends, or that it has got. Names and behaviour are those of js-grip's `WebSocketEvent`.
 */
export class WebSocketEvent {
  /** `OPEN`, `TEXT`, `BINARY`, `PING`, `PONG`, `CLOSE` or `DISCONNECT`. */
  type: string;
  /** A string stands for its UTF-8; null is no content. */
  content: Uint8Array | string | null;

  constructor(type: string, content: Uint8Array | string | null = null) {
    this.type = type;
    this.content = content;
  }

  getType(): string {
    return this.type;
  }

  getContent(): Uint8Array | string | null {
    return this.content;
  }
}
