import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parseWebSocketContext, type WebSocketContext } from '@p-8/protocol';
import { Lines } from '../../../../test/interop/support/lines.js';

/** The channel that all clients of an {@link EventsOrigin} are subscribed to. */
export const ROOM = 'room';

/** An HTTP server that answers WebSocket events: lets clients in, subscribes them to {@link ROOM}, and echoes. */
export class EventsOrigin {
  /** What clients did: `OPEN /path`, `text hello`, `CLOSE`, `DISCONNECT`. */
  readonly seen: Lines = new Lines();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((req, res) => void this.#answer(req, res));
  }

  static async listen(): Promise<EventsOrigin> {
    const origin = new EventsOrigin();
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  /** `127.0.0.1:PORT`, as a route line has it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const context = parseWebSocketContext(req.rawHeaders, await buffer(req));
    if (!context.ok) {
      res.writeHead(400).end(context.message);
      return;
    }
    this.#respond(context.value, req.url ?? '');
    res.writeHead(200, context.value.toHeaders()).end(context.value.toBody());
  }

  #respond(context: WebSocketContext, path: string): void {
    if (context.isOpening()) {
      this.seen.add(`OPEN ${path}`);
      context.accept();
      context.subscribe(ROOM);
    }
    if (context.disconnected) this.seen.add('DISCONNECT');
    while (!context.disconnected && context.canRecv()) {
      const message = context.recv();
      this.seen.add(message === null ? 'CLOSE' : `text ${message}`);
      if (message === null) context.close(context.closeCode, context.closeReason);
      else context.send(message);
    }
  }
}
