import type { Item } from '@p-8/protocol';
import { frameChunk, type StreamChunk } from '../http/client-stream.js';
import { WebSocketMessage } from '../websocket/message.js';

/** An item on its way to sessions. What is the same for all of them is made once, when the first one needs it. */
export class PublishedItem {
  readonly item: Item;
  #streamChunk: StreamChunk | undefined;
  #webSocketMessage: WebSocketMessage | undefined;

  constructor(item: Item) {
    this.item = item;
  }

  /** The message of the ws-message format, as every WebSocket without content filters gets it. */
  get webSocketMessage(): WebSocketMessage | undefined {
    const format = this.item.wsMessage;
    if (format?.action !== 'send') return undefined;
    this.#webSocketMessage ??= new WebSocketMessage(format.type, format.content);
    return this.#webSocketMessage;
  }

  /** The content of the http-stream format, as every stream without content filters gets it. */
  get streamChunk(): StreamChunk {
    this.#streamChunk ??= new SharedChunk(streamContent(this.item));
    return this.#streamChunk;
  }
}

class SharedChunk implements StreamChunk {
  readonly content: Uint8Array;
  #framed: Uint8Array | undefined;

  constructor(content: Uint8Array) {
    this.content = content;
  }

  get framed(): Uint8Array {
    this.#framed ??= frameChunk(this.content);
    return this.#framed;
  }
}

function streamContent(item: Item): Uint8Array {
  return item.httpStream?.action === 'send' ? item.httpStream.content : new Uint8Array(0);
}
