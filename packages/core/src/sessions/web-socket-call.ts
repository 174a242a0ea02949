import { randomUUID } from 'node:crypto';
import type { HeaderList } from '@p-8/protocol';
import type { Origin } from '../routing/origin.js';
import type { ClientFacts } from '../upstream/upstream.js';
import type { OriginCall } from '../websocket/origin-web-socket.js';

/** One WebSocket, as its origin is told of it: kept as long as it lasts, so there is no more in it than that. */
export class WebSocketCall implements OriginCall {
  readonly connectionId: string = randomUUID();
  readonly client: ClientFacts;
  readonly #origin: Origin;
  readonly #trusted: boolean;

  constructor(origin: Origin, client: ClientFacts, trusted: boolean) {
    this.#origin = origin;
    this.client = client;
    this.#trusted = trusted;
  }

  fields(): HeaderList {
    return this.#origin.handshakeFields(this.#trusted);
  }
}
