import net, { type OnReadOpts, type Socket } from 'node:net';
import { GripError } from '../errors.js';
import { hostName } from '../http/client-request.js';
import { BlockReader } from './block-reader.js';
import { codeOf, isConnectFailure, isTlsFailure } from './connect-failure.js';
import { connectionsOf, createPool } from './connection-pool.js';
import { type ConnectionPool, ConnectionQueue, type UpstreamServices } from './connection-queue.js';
import { Exchange } from './exchange.js';
import { isInternalAddress, refuseInternalAddresses } from './internal-addresses.js';
import { buildConnector, type Connector, type Pool } from './undici.js';
import type { Upstream, UpstreamCall, UpstreamError, UpstreamHandler, UpstreamRequest } from './upstream.js';

/** How to reach one remote origin. */
export interface RemoteOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly insecure: boolean;
  /** Server name of the TLS handshake; undefined: the request's own host. */
  readonly servername: string | undefined;
  /** Refuse internal addresses after resolving. */
  readonly untrusted: boolean;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Milliseconds until the response's head; 0: for ever. */
  readonly responseTimeout: number;
}

/** An origin elsewhere, over a pool of kept-alive connections. */
export class RemoteUpstream implements Upstream, ConnectionPool {
  readonly #url: URL;
  readonly #connector: Connector;
  readonly #pool: Pool;
  readonly #responseTimeout: number;
  readonly #services: UpstreamServices;
  readonly #queue: ConnectionQueue;

  constructor(options: RemoteOptions, services: UpstreamServices) {
    this.#services = services;
    this.#responseTimeout = options.responseTimeout;
    this.#url = new URL(options.url);
    this.#connector = connector(options);
    // With TLS, bytes come out of the cipher 16 KB at a time.
    const connect = this.#url.protocol === 'http:' ? intoBlocks(options) : this.#connector;
    const { clock, connectionMaxAge: ms } = services;
    this.#pool = createPool(options.url, { allowH2: false, connect }, ms > 0 ? { ms, clock } : undefined);
    this.#queue = new ConnectionQueue(this.#url.host, services, this);
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    let again = isRepeatable(request);
    const onFailure = (failed: Exchange, error: Error): void => {
      if (failed.aborted) return;
      if (again && isStaleConnection(error)) {
        // The origin closed a kept-alive connection just as we took it from the pool: RFC 9110 9.2.2 allows to repeat.
        again = false;
        this.dispatch(failed, request);
        return;
      }
      failed.fail(describe(error));
    };
    const exchange = new Exchange(handler, this.#services.calls, onFailure, this.#services, this.#queue);
    this.#queue.enter(exchange, request);
    return exchange;
  }

  get connections(): number {
    return connectionsOf(this.#pool);
  }

  /** @internal */
  dispatch(exchange: Exchange, request: UpstreamRequest): void {
    exchange.dispatch(this.#pool, request, this.#responseTimeout);
  }

  /** Opens a connection of its own, for what is no request. `host`: the authority that will be asked for. */
  connect(
    host: string,
    callback: (error: UpstreamError | undefined, socket: Socket | undefined) => void,
  ): void {
    const { hostname, protocol, port } = this.#url;
    const servername = protocol === 'https:' ? hostName(host).replace(/^\[|\]$/g, '') : '';
    const target = { hostname, protocol, port, ...(net.isIP(servername) === 0 && { servername }) };
    this.#connector(target, (error, socket) => {
      if (error === null) callback(undefined, socket);
      else callback(describe(error), undefined);
    });
  }

  async close(): Promise<void> {
    this.#queue.close();
    await this.#pool.destroy();
  }
}

/** Opens connections whose bytes are read into blocks. */
function intoBlocks(options: RemoteOptions): Connector {
  return (target, callback) => {
    const reader = new BlockReader();
    connector(options, reader)(target, (...result) => {
      reader.socket = result[1];
      callback(...result);
    });
  };
}

function connector(options: RemoteOptions, onread?: OnReadOpts): Connector {
  const { servername, untrusted } = options;
  const connect = buildConnector({
    timeout: options.connectTimeout,
    rejectUnauthorized: !options.insecure,
    ...(options.clientCert === undefined ? {} : { cert: options.clientCert }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
    ...(untrusted ? { lookup: refuseInternalAddresses } : {}),
    ...(onread === undefined ? {} : { onread }),
  });
  if (!untrusted && servername === undefined) return connect;
  return (target, callback) => {
    // Sockets do not look up what is an address already.
    const address = target.hostname.replace(/^\[|\]$/g, '');
    if (untrusted && isInternalAddress(address)) {
      callback(new GripError('GRIP_ERR_LINK_REFUSED', `${address} is an internal address`), null);
      return;
    }
    // The name that comes with each connection, from the request's Host, would win over a name among the options.
    connect(servername === undefined ? target : { ...target, servername }, callback);
  };
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

function isRepeatable(request: UpstreamRequest): boolean {
  const isSafe = request.mayRepeat === true || IDEMPOTENT.has(request.method);
  return isSafe && (request.body === null || request.body instanceof Uint8Array);
}

const STALE = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** A connection that has never brought anything was not kept alive: its end is an answer, of a kind. */
function isStaleConnection(error: Error & { readonly socket?: { readonly bytesRead?: number } }): boolean {
  return STALE.has(codeOf(error)) && error.socket?.bytesRead !== 0;
}

function describe(error: Error): UpstreamError {
  const code = codeOf(error);
  const detail = error.message || code;
  if (code === 'GRIP_ERR_LINK_REFUSED') return { kind: 'blocked', detail, cause: error };
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return { kind: 'timeout', detail, cause: error };
  return { kind: isTlsFailure(code) || isConnectFailure(error) ? 'connect' : 'broken', detail, cause: error };
}
