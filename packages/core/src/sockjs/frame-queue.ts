import { QUOTED_COST } from '../heap-cost.js';
import type { WebSocketMessage } from '../websocket/message.js';
import { messagesFrame } from './frames.js';

/** Bytes of a message in a frame beside its content: quotes and a comma. */
const MESSAGE_OVERHEAD = 3;

/** Messages for a client that go out in one frame. */
export class FrameQueue {
  #quoted: string[] = [];
  #bytes = 0;
  #quotedLength = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that the messages take. Characters that SockJS escapes are six. */
  get cost(): number {
    return this.#quotedLength + this.#quoted.length * QUOTED_COST;
  }

  get isEmpty(): boolean {
    return this.#quoted.length === 0;
  }

  add(message: WebSocketMessage): void {
    this.#quoted.push(message.quoted);
    this.#bytes += message.content.length + MESSAGE_OVERHEAD;
    this.#quotedLength += Math.max(message.content.length, message.quoted.length);
  }

  /** A frame of all messages, which are no part of the queue any more. */
  take(): string {
    const frame = messagesFrame(this.#quoted);
    this.clear();
    return frame;
  }

  clear(): void {
    this.#quoted = [];
    this.#bytes = this.#quotedLength = 0;
  }
}
