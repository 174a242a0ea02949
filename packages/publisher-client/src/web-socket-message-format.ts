import { exportContent } from './export-content.js';
import type { IFormat, IFormatExport } from './format.js';

/** More about a message to WebSockets, or about their end. */
export interface WebSocketMessageOptions {
  /** @default 'binary' for bytes, 'text' for a string */
  type?: 'text' | 'binary' | 'ping' | 'pong';
  /** Why it is closed: at most 123 bytes of UTF-8. */
  reason?: string;
}

/**
 * What is sent to WebSockets.
 *
 * @example
 * ```ts
 * new WebSocketMessageFormat('hello');
 * new WebSocketMessageFormat('', false, undefined, { type: 'ping' });
 * new WebSocketMessageFormat(null, true, 4001, { reason: 'logged in elsewhere' });
 * ```
 */
export class WebSocketMessageFormat implements IFormat {
  content: string | Uint8Array | null;
  close: boolean;
  code?: number;
  type?: WebSocketMessageOptions['type'] & string;
  reason?: string;

  /**
   * @param content a string for a text message, bytes for a binary one
   * @param close close the WebSockets, in place of content
   * @param code close code. Default: 1000
   * @throws Error where there is neither content nor `close`.
   */
  constructor(
    content: Uint8Array | string | null = null,
    close = false,
    code?: number,
    { type, reason }: WebSocketMessageOptions = {},
  ) {
    if (content == null && !close) throw new Error('WebSocketMessageFormat requires content.');
    this.content = content;
    this.close = close;
    if (code !== undefined) this.code = code;
    if (type !== undefined) this.type = type;
    if (reason !== undefined) this.reason = reason;
  }

  name(): string {
    return 'ws-message';
  }

  export(): IFormatExport {
    const { code, reason, type } = this;
    if (!this.close) return { ...(type != null && { type }), ...exportContent('content', this.content) };
    return { action: 'close', ...(code != null && { code }), ...(reason != null && { reason }) };
  }
}
