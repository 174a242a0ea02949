import { MESSAGE_COST } from '../heap-cost.js';
import type { ClientWebSocket } from '../websocket/client-web-socket.js';
import type { WebSocketMessage } from '../websocket/message.js';
import { Conflation } from './conflation.js';

/** The way of messages to the client of a WebSocket, as far as there is room for what the client does not take. */
export class WebSocketOutlet {
  readonly #client: ClientWebSocket;
  readonly #maxBytes: number;
  /** What waits, where only the newest of each channel is kept. Undefined: all is. */
  #conflation: Conflation<WebSocketMessage> | undefined;
  /** Bytes of messages sent since the beginning, and of those that newer ones have taken the place of. */
  #given = 0;

  /** @param maxBytes that may wait for the client */
  constructor(client: ClientWebSocket, maxBytes: number) {
    this.#client = client;
    this.#maxBytes = maxBytes;
  }

  /** As {@link Session.given}. */
  get given(): number {
    return this.#given + this.#conflatedBytes;
  }

  /** As {@link Session.unsent}. */
  get unsent(): number {
    return this.#client.pendingBytes + this.#conflatedBytes;
  }

  /** Bytes that what the client has not taken takes here. */
  get waitingBytes(): number {
    if (!this.#client.blocked || this.#client.gone) return 0;
    return this.#client.pendingCost + (this.#conflation?.cost ?? 0);
  }

  /** The bytes that the client can be sent at once without being taken for slow; negative: it has been sent more. */
  get room(): number {
    return this.#maxBytes - this.#client.pendingCost;
  }

  /** Only the newest message of each channel is kept, where the channel is one of which that is wanted. */
  get conflates(): boolean {
    return this.#conflation !== undefined;
  }

  /**
   * Whether there is room for a message. What is larger than the queue reaches a client that waits for nothing else. What only waits
   * for the end of the turn does not make a client slow.
   */
  hasRoomFor({ content }: WebSocketMessage): boolean {
    return (
      !this.#client.blocked || this.#client.pendingBytes === 0 || MESSAGE_COST + content.length <= this.room
    );
  }

  send(message: WebSocketMessage): void {
    this.#given += message.content.length;
    this.#client.send(message);
  }

  /** From now on, until the client has taken what waits, a message can take the place of the one before it. */
  startConflation(): void {
    this.#conflation ??= new Conflation(MESSAGE_COST);
  }

  /** Lets a message wait in place of the one of the same channel before it. False: not even the newest ones have room. */
  conflate(message: WebSocketMessage, channel: string): boolean {
    if (this.#conflation === undefined) return false;
    this.#given += this.#conflation.put(channel, message, message.content.length);
    return this.#conflation.cost <= this.#maxBytes;
  }

  /** The newest message of each channel, in the order in which they came; none is kept. */
  takeConflated(): readonly WebSocketMessage[] {
    const kept = this.#conflation?.take() ?? [];
    this.#conflation = undefined;
    return kept;
  }

  get #conflatedBytes(): number {
    return this.#conflation?.bytes ?? 0;
  }
}
