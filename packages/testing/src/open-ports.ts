import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ControlAnswer } from './control-port.js';

/** Who answers at the ports. */
export interface PortOwner {
  readonly onRequest: RequestListener;
  readonly onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly publish: (body: string, accept: string) => Promise<ControlAnswer>;
}

/** Ports on the loopback interface: of the app behind the proxy, and of the control API. */
export class OpenPorts {
  readonly #owner: PortOwner;
  readonly #servers: http.Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(owner: PortOwner) {
    this.#owner = owner;
  }

  /** Opens both. Resolves with their addresses. */
  async open(): Promise<{ readonly url: string; readonly controlUrl: string }> {
    const { onRequest, onUpgrade } = this.#owner;
    const app = http.createServer(onRequest).on('upgrade', onUpgrade);
    const control = http.createServer((req, res) => {
      this.#answer(req, res).catch(() => res.destroy());
    });
    const [url = '', controlUrl = ''] = await Promise.all([this.#listen(app), this.#listen(control)]);
    return { url, controlUrl };
  }

  /** Closes them, and breaks all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #listen(server: http.Server): Promise<string> {
    this.#servers.push(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const isPublish = req.method === 'POST' && /^\/publish\/?(\?|$)/.test(req.url ?? '');
    const { status, type, body } = isPublish
      ? await this.#owner.publish(Buffer.concat(chunks).toString(), req.headers.accept ?? '')
      : { status: 404, type: 'text/plain', body: 'Not Found\n' };
    res.writeHead(status, { 'Content-Type': type }).end(body);
  }
}
