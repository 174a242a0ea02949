import type { WsEvent } from '@p-8/protocol';
import type { MessageType } from './message.js';

/** A client's message that the origin has not accepted yet, or what is left of it. */
interface Waiting {
  readonly type: MessageType;
  content: Uint8Array;
  /** It has been part of a request before. */
  offered: boolean;
}

/** What goes into one request. */
export interface Batch {
  readonly events: readonly WsEvent[];
  /** Bytes of content. */
  readonly bytes: number;
  /** Nothing waits besides. */
  readonly complete: boolean;
}

/** Event names of the kinds of messages. */
const EVENTS: Readonly<Record<MessageType, string>> = {
  text: 'TEXT',
  binary: 'BINARY',
  ping: 'PING',
  pong: 'PONG',
};

/** A client's messages on their way to an origin that is asked over HTTP: kept until it has accepted them. */
export class Outbox {
  #messages: Waiting[] = [];
  #bytes = 0;
  #fresh = 0;

  /** Bytes of content. */
  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages.length;
  }

  /** Whether there is something that has not been part of a request. */
  get hasFresh(): boolean {
    return this.#fresh > 0;
  }

  push(type: MessageType, content: Uint8Array): void {
    this.#messages.push({ type, content, offered: false });
    this.#bytes += content.length;
    this.#fresh++;
  }

  /** The next request: the oldest messages, at most `maxEvents`, and none once `maxBytes` have been reached. */
  batch(maxEvents: number, maxBytes: number): Batch {
    const events: WsEvent[] = [];
    let bytes = 0;
    for (const message of this.#messages) {
      if (events.length >= maxEvents || bytes >= maxBytes) break;
      const { type, content } = message;
      if (!message.offered) {
        message.offered = true;
        this.#fresh--;
      }
      events.push({ type: EVENTS[type], content: content.length === 0 ? undefined : content });
      bytes += content.length;
    }
    return { events, bytes, complete: events.length === this.#messages.length };
  }

  /**
   * Drops the first `bytes` bytes, which the origin has accepted, even in the middle of a message, whose rest is a message of
   * the same type then. `events`: how many were offered; empty ones that follow what was accepted go along. Source: Pushpin.
   */
  accept(bytes: number, events: number): void {
    let left = bytes;
    let dropped = 0;
    for (const message of this.#messages) {
      if (dropped >= events) break;
      const { length } = message.content;
      if (length > left) {
        message.content = message.content.subarray(left);
        this.#bytes -= left;
        break;
      }
      left -= length;
      this.#bytes -= length;
      dropped++;
    }
    // An emptied list would keep its room.
    if (dropped === this.#messages.length) this.#messages = [];
    else this.#messages.splice(0, dropped);
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
    this.#fresh = 0;
  }
}
