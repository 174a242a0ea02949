import http, { type OutgoingHttpHeaders, type RequestListener, type Server } from 'node:http';
import https, { type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { eventually } from '../eventually.js';
import { Reply } from './reply.js';

export interface CallOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** A request under way. */
export interface Call {
  /** The response, as soon as its head is here. */
  readonly reply: Promise<Reply>;
  /** Drops the connection. */
  leave(): void;
}

/** A server on a free port, and clients for it. */
export class Site {
  readonly server: Server;
  readonly #tls: ServerOptions | undefined;
  readonly #calls: Call[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, tls: ServerOptions | undefined) {
    this.server = server;
    this.#tls = tls;
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Serves `listener`; over TLS with the key and certificate in `tls`. */
  static open(listener: RequestListener, tls?: ServerOptions): Promise<Site> {
    return Site.of(tls === undefined ? http.createServer(listener) : https.createServer(tls, listener), tls);
  }

  /** Lets `server` listen. */
  static async of(server: Server, tls?: ServerOptions): Promise<Site> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Site(server, tls);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Starts a request. */
  call(path: string, options: CallOptions = {}): Call {
    const { body } = options;
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const request = (this.#tls === undefined ? http : https).request({
      host: '127.0.0.1',
      port: this.port,
      path,
      method: options.method ?? 'GET',
      agent: false,
      headers: { Connection: 'keep-alive', ...length, ...options.headers },
      ...(this.#tls === undefined ? {} : { ca: this.#tls.cert, servername: 'localhost' }),
    });
    const reply = new Promise<Reply>((resolve, reject) => {
      request.once('response', (message) => resolve(new Reply(message)));
      request.on('error', reject);
    });
    // Who leaves does not wait for the response.
    reply.catch(() => {});
    request.end(body);
    const call = { reply, leave: () => void request.destroy() };
    this.#calls.push(call);
    return call;
  }

  /** Asks, and resolves with the response's head. */
  get(path: string, options: CallOptions = {}): Promise<Reply> {
    return this.call(path, options).reply;
  }

  post(path: string, body: string | Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    return this.call(path, { method: 'POST', body, headers }).reply;
  }

  /** A connection on which `bytes` have been sent. */
  connect(bytes: string): Socket {
    const socket = connect(this.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(bytes);
    return socket;
  }

  /** Sends bytes on a connection of their own; resolves with all that comes until the server closes it. */
  raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(this.port, '127.0.0.1');
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.once('error', reject);
      socket.once('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
      socket.write(bytes);
    });
  }

  /** Resolves when a connection takes no more, since its client does not read. */
  blocked(): Promise<void> {
    return eventually(
      () => [...this.#sockets].some((socket) => socket.writableNeedDrain),
      'a slow connection',
    );
  }

  /** Lets all clients leave. */
  leave(): void {
    for (const call of this.#calls) call.leave();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
