import type { Item } from '@p-8/protocol';
import { itemCost } from '../heap-cost.js';
import { SharedChunk, type StreamChunk } from '../http/stream-chunk.js';
import { WebSocketMessage } from '../websocket/message.js';
import type { Outcome } from './receipt.js';
import type { Session } from './session.js';

/** How an item has fared at a session where it had to wait for its turn. */
export interface Turn {
  /** Undefined: it waits. */
  readonly outcome: Outcome;
  /** How much had been given to the client when the turn was over, the item included. */
  readonly given: number;
}

/** An item on its way to sessions. What is the same for all of them is made once, when the first one needs it. */
export class PublishedItem {
  readonly item: Item;
  /** Its place in the order of what has been given to sessions; 0: it has not been yet. */
  number = 0;
  #streamChunk: StreamChunk | undefined;
  #webSocketMessage: WebSocketMessage | undefined;
  #cost: number | undefined;
  /** Items may be kept for longer than their sessions. */
  #turns: WeakMap<Session, Turn> | undefined;

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

  /** Bytes that it takes where it waits. */
  get cost(): number {
    this.#cost ??= itemCost(this.item);
    return this.#cost;
  }

  /** At this session, it has to wait for its turn. */
  awaitTurn(session: Session): void {
    this.#turns ??= new WeakMap();
    this.#turns.set(session, { outcome: undefined, given: 0 });
  }

  /** The turn that it had to wait for is over. */
  endTurn(session: Session, outcome: Exclude<Outcome, undefined>): void {
    if (this.#turns?.has(session)) this.#turns.set(session, { outcome, given: session.given });
  }

  /** Undefined: it has not had to wait there. */
  turnAt(session: Session): Turn | undefined {
    return this.#turns?.get(session);
  }
}

function streamContent(item: Item): Uint8Array {
  return item.httpStream?.action === 'send' ? item.httpStream.content : new Uint8Array(0);
}
