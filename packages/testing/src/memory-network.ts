import http, { type IncomingMessage, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { memorySockets } from '@p-8/core';

/** What a client of ours looks like to a server. */
const PEER = { remoteAddress: '127.0.0.1', remotePort: 0, remoteFamily: 'IPv4', localAddress: '127.0.0.1' };

/** An HTTP server that listens nowhere, and the way to it: connections run through memory. */
export class MemoryNetwork {
  readonly server: http.Server;
  /** For Node's HTTP client. */
  readonly agent: http.Agent;
  readonly #peer: object;
  readonly #connections = new Set<readonly [client: Duplex, server: Duplex]>();

  /** @param isSecure the connections are to look as if they were TLS */
  constructor(
    onRequest: RequestListener,
    onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void,
    isSecure: boolean,
  ) {
    this.agent = new MemoryAgent(() => this.connect(), isSecure);
    this.#peer = isSecure ? { ...PEER, encrypted: true } : PEER;
    this.server = http.createServer(onRequest);
    // Tests let no real time pass; a client may wait as long as it likes.
    Object.assign(this.server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    this.server.on('upgrade', onUpgrade);
  }

  /** A new connection to the server: the client's end. */
  connect(): Duplex {
    const [client, server] = memorySockets();
    Object.assign(server, this.#peer);
    const pair = [client, server] as const;
    this.#connections.add(pair);
    server.once('close', () => this.#connections.delete(pair));
    // What a test drops, the server must not take for a reason to fail.
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    this.server.emit('connection', server);
    return client;
  }

  /** Whether no byte is on its way, but for those that a client does not take. */
  get quiet(): boolean {
    for (const [client, server] of this.#connections) {
      if (client.writableLength > 0) return false;
      if (server.readableLength > 0 && server.readableFlowing !== false) return false;
      if (client.readableFlowing !== false && (server.writableLength > 0 || client.readableLength > 0))
        return false;
    }
    return true;
  }

  close(): void {
    for (const [client] of this.#connections) client.destroy();
    this.agent.destroy();
    this.server.close();
  }
}

class MemoryAgent extends http.Agent {
  readonly #connect: () => Duplex;

  constructor(connect: () => Duplex, isSecure: boolean) {
    super({ keepAlive: false });
    this.#connect = connect;
    // What Node's HTTP client looks at before it asks.
    if (isSecure) Object.assign(this, { protocol: 'https:', defaultPort: 443 });
  }

  override createConnection(): Duplex {
    return this.#connect();
  }
}
