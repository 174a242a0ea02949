import type { WebSocketContext } from '@p-8/protocol';
import { CHAT_CHANNEL, type ChatRoom, toText } from './chat-room.js';
import type { Publish } from './http.js';

/** Has the proxy ping each client that has got nothing for 25 seconds, so that nothing on the way takes it for dead. */
const KEEP_ALIVE = { type: 'keep-alive', 'message-type': 'ping', content: '', timeout: 25 };

/** The chat's WebSockets: what the origin does with the events of one request, and who is here. */
export class ChatSockets {
  readonly #room: ChatRoom;
  readonly #publish: Publish;
  /** Ids of connections. */
  readonly #here = new Set<string>();

  constructor(room: ChatRoom, publish: Publish) {
    this.#room = room;
    this.#publish = publish;
  }

  /** Takes what a client has sent since its last request, and fills in the answer. */
  async answer(context: WebSocketContext): Promise<void> {
    const before = this.#here.size;
    if (context.isOpening()) this.#welcome(context);
    // Gone without a word.
    if (context.disconnected) this.#here.delete(context.id);
    while (!context.disconnected && context.canRecv()) {
      const message = context.recv();
      if (message === null) this.#leave(context);
      else await this.#room.post(message);
    }
    if (this.#here.size !== before) await this.#publish(CHAT_CHANNEL, { 'ws-message': this.#count() });
  }

  #welcome(context: WebSocketContext): void {
    context.accept();
    context.subscribe(CHAT_CHANNEL);
    context.sendControl(JSON.stringify(KEEP_ALIVE));
    for (const message of this.#room.recent) context.send(toText(message));
    this.#here.add(context.id);
    context.send(this.#count());
  }

  #leave(context: WebSocketContext): void {
    this.#here.delete(context.id);
    context.close(context.closeCode, context.closeReason);
  }

  #count(): string {
    return JSON.stringify({ here: this.#here.size });
  }
}
