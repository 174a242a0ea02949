import type { Socket } from 'node:net';
import { headerValue } from '@p-8/protocol';
import { BlockReader } from './block-reader.js';
import { codeOf } from './connect-failure.js';
import { Connector, type ConnectorOptions } from './connector.js';
import { Exchange } from './exchange.js';
import type { OriginConnection } from './origin-connection.js';
import { type Opener, OriginPool } from './origin-pool.js';
import type { Upstream, UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';
import type { UpstreamServices } from './upstream-services.js';

/** How to reach one remote origin, and how long it may take. */
export interface RemoteOptions extends ConnectorOptions {
  /** Milliseconds until the response's head; 0: for ever. */
  readonly responseTimeout: number;
}

/** An origin elsewhere, over kept-alive connections. */
export class RemoteUpstream implements Upstream, Opener {
  readonly name: string;
  readonly responseTimeout: number;
  readonly mayBeStale = true;
  readonly #connector: Connector;
  readonly #pool: OriginPool;
  readonly #services: UpstreamServices;

  constructor(options: RemoteOptions, services: UpstreamServices) {
    this.#services = services;
    this.responseTimeout = options.responseTimeout;
    this.name = new URL(options.url).host;
    this.#connector = new Connector(options);
    this.#pool = new OriginPool(this, services);
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const exchange = new Exchange(request, handler, this.#services);
    this.#pool.send(exchange);
    return exchange;
  }

  /** Opens a connection of its own, for what is no request. `host`: the authority that will be asked for. */
  connect(
    host: string,
    callback: (error: UpstreamError | undefined, socket: Socket | undefined) => void,
  ): void {
    this.#connector.open(this.#connector.serverName(host), (error, socket) => {
      callback(error && describe(error), socket);
    });
  }

  /** @internal */
  serverNameOf({ request }: Exchange): string | undefined {
    if (!this.#connector.isSecure) return undefined;
    return this.#connector.serverName(headerValue(request.headers, 'host') ?? '');
  }

  /** @internal */
  open(connection: OriginConnection): () => void {
    const read = (chunk: Buffer): boolean => connection.read(chunk);
    // With TLS, bytes come out of the cipher 16 KB at a time.
    const reader = this.#connector.isSecure ? undefined : new BlockReader(read);
    return this.#connector.open(
      connection.serverName,
      (error, socket) => {
        if (socket === undefined) {
          connection.failed(describe(error ?? new Error('no connection')));
          return;
        }
        // What is read into blocks is not told of: the stream only has to be read for its end.
        if (reader === undefined) socket.on('data', read);
        else socket.resume();
        connection.connected(socket);
      },
      reader,
    );
  }

  /** How many connections there are, those included that are being made. */
  get connections(): number {
    return this.#pool.connections;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

function describe(error: Error): UpstreamError {
  const code = codeOf(error);
  const kind = code === 'GRIP_ERR_LINK_REFUSED' ? 'blocked' : 'connect';
  return { kind, detail: error.message || code, cause: error };
}
