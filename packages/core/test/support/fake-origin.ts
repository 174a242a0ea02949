import { eventually } from '../../../../test/support/eventually.js';
import type { ClientRequest } from '../../src/http/client-request.js';
import type { ClientWebSocket, ClientWebSocketOwner } from '../../src/websocket/client-web-socket.js';
import { type MessageType, WebSocketMessage } from '../../src/websocket/message.js';

/** `echo`: lets clients in, and sends back what they send; `accept`: lets them in; `wait`: leaves that to the test. */
export type OriginBehaviour = 'echo' | 'accept' | 'wait' | ((origin: FakeOrigin) => void);

/** What is behind a client: notes what it hears, and does what the test says. */
export class FakeOrigin implements ClientWebSocketOwner {
  readonly client: ClientWebSocket;
  readonly request: ClientRequest;
  /** In the order in which it came: `text CONTENT`, `close CODE REASON`, `gone DETAIL`, `drained`. */
  readonly heard: string[] = [];
  readonly #behaviour: OriginBehaviour;
  #closed = false;

  constructor(client: ClientWebSocket, request: ClientRequest, behaviour: OriginBehaviour) {
    this.client = client;
    this.request = request;
    this.#behaviour = behaviour;
    client.owner = this;
    if (typeof behaviour === 'function') behaviour(this);
    else if (behaviour !== 'wait') client.accept([]);
  }

  send(content: string | Uint8Array, type: MessageType = 'text'): void {
    this.client.send(new WebSocketMessage(type, Buffer.from(content)));
  }

  close(code: number, reason: string): void {
    this.#closed = true;
    this.client.close(code, reason);
  }

  onClientMessage(type: MessageType, content: Uint8Array): void {
    this.heard.push(`${type} ${Buffer.from(content)}`);
    if (this.#behaviour === 'echo') this.client.send(new WebSocketMessage(type, content));
  }

  onClientClose(code: number | undefined, reason: string): void {
    this.heard.push(`close ${code} ${reason}`);
    if (!this.#closed) this.close(code ?? 1000, reason);
  }

  onClientGone(detail: string): void {
    this.heard.push(`gone ${detail}`);
  }

  onClientBlocked(): void {}

  onClientDrained(): void {
    this.heard.push('drained');
  }

  /** Waits until something has been heard that begins so. */
  async hears(start: string): Promise<void> {
    await eventually(
      () => this.heard.some((one) => one.startsWith(start)),
      () => `${start} among ${JSON.stringify(this.heard)}`,
    );
  }
}
