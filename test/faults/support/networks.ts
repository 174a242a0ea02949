import http from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import type { GripProxy } from '@p-8/core';

/** A client's connection, and what can happen to it. */
export interface Connection {
  readonly socket: Duplex;
  /** The client takes no more. */
  stall(): void;
  /** It takes all again, or a little at a time. */
  resume(bytesPerTurn?: number): void;
  /** The client is gone, and the proxy is told nothing. */
  lose(): void;
  /** The connection breaks. */
  cut(how: 'reset' | 'end'): void;
}

/** The way from clients to a proxy. */
export interface Network {
  /** Turns of the loop without news after which nothing is taken to be under way. */
  readonly quietTurns: number;
  connect(): Promise<Connection>;
  /** Bytes that clients have got so far. */
  readonly carried: number;
  /** How many connections the proxy has. */
  open(): Promise<number>;
  /** Breaks all connections. */
  cutAll(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that a connection in memory takes on each side for one that does not read: few, so that items fill it. */
const BUFFER = 1024;

/** A network in memory: nothing takes time but turns of the loop. */
export class MemoryNetwork implements Network {
  readonly quietTurns = 4;
  carried = 0;
  readonly #server: http.Server;
  readonly #connections = new Set<Duplex>();
  readonly #clients: Duplex[] = [];

  constructor(proxy: GripProxy) {
    this.#server = http.createServer((req, res) => proxy.handle(req, res));
    Object.assign(this.#server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    proxy.attach(this.#server);
  }

  connect(): Promise<Connection> {
    const [client, server] = duplexPair({ highWaterMark: BUFFER }).map(asSocket) as [Duplex, Duplex];
    client.on('data', (chunk: Buffer) => {
      this.carried += chunk.length;
    });
    client.on('error', () => {}).once('close', () => server.destroy());
    server
      .on('error', () => {})
      .once('close', () => {
        this.#connections.delete(server);
        client.destroy();
      });
    this.#connections.add(server);
    this.#clients.push(client);
    this.#server.emit('connection', server);
    return Promise.resolve({
      socket: client,
      stall: () => void client.pause(),
      resume: () => void client.resume(),
      lose: () => void client.removeAllListeners('data').pause(),
      cut: (how) => void (how === 'end' ? client.end() : client.destroy()),
    });
  }

  open(): Promise<number> {
    return Promise.resolve(this.#connections.size);
  }

  cutAll(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#server.close();
    return Promise.resolve();
  }
}

/** Gives one half of a pair what Node calls on a socket. */
function asSocket(duplex: Duplex): Duplex {
  const returnSelf = function (this: Duplex): Duplex {
    return this;
  };
  const methods = {
    setKeepAlive: returnSelf,
    setNoDelay: returnSelf,
    setTimeout: returnSelf,
    ref: returnSelf,
    unref: returnSelf,
  };
  return Object.assign(duplex, methods, { remoteAddress: '127.0.0.1', remotePort: 1 });
}
