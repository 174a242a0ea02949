import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import { ORIGIN_ERROR } from '../http/error-response.js';
import type { Logger } from '../logger.js';
import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { writeReject } from '../websocket/handshake.js';

const kHandshake = Symbol('p-8 tunnel');
interface Tunnelled extends IncomingMessage {
  [kHandshake]?: Handshake;
}

/** Where http-proxy believes that it connects to: it is given the connection. */
const TARGET = 'http://p-8.invalid';

/** WebSockets that pass byte by byte, on routes that take no part in GRIP. */
export class Tunnels {
  readonly #proxy = httpProxy.createProxyServer({ target: TARGET });
  readonly #logger: Logger;
  readonly #clients = new Set<Duplex>();

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#proxy.on('proxyReqWs', (proxyReq, req: Tunnelled, socket) => this.#prepare(proxyReq, req, socket));
    this.#proxy.on('error', (error, _req, client) => this.#fail(client as Duplex, error.message));
  }

  /** Connects a client to the first of `targets` that can be reached. */
  open(
    req: IncomingMessage,
    client: Duplex,
    handshake: Handshake,
    targets: readonly WebSocketTarget[],
  ): void {
    this.#clients.add(client);
    client.on('error', ignore);
    client.once('close', () => this.#clients.delete(client));
    Object.assign(req, { [kHandshake]: handshake });
    this.#tryTarget(req, client, targets, 0);
  }

  /** Cuts all of them. */
  close(): void {
    for (const client of this.#clients) client.destroy();
    this.#proxy.close();
  }

  #tryTarget(req: Tunnelled, client: Duplex, targets: readonly WebSocketTarget[], index: number): void {
    const { connect, host } = targets[index] ?? {};
    if (connect === undefined) {
      this.#fail(client, 'Unable to connect to any targets.');
      return;
    }
    connect(host ?? req.headers.host ?? '', (error, origin) => {
      if (origin === undefined) {
        this.#logger.info({ url: req.url, detail: error?.detail }, 'target not reached');
        this.#tryTarget(req, client, targets, index + 1);
      } else if (client.destroyed) {
        origin.destroy();
      } else {
        // Neither end outlives the other: http-proxy leaves the origin's open when the client goes away.
        client.once('close', () => origin.destroy());
        origin.once('close', () => client.end());
        const agent = Object.assign(new http.Agent(), { createConnection: () => origin });
        this.#proxy.ws(req, client as never, Buffer.alloc(0), { target: TARGET, agent });
      }
    });
  }

  /** The request as the route has it, in place of what http-proxy makes of the client's. */
  #prepare(proxyReq: ClientRequest, req: Tunnelled, client: Duplex): void {
    const handshake = req[kHandshake];
    if (handshake === undefined) return;
    client.once('close', () => proxyReq.destroy());
    for (const name of proxyReq.getHeaderNames()) proxyReq.removeHeader(name);
    proxyReq.path = handshake.path;
    const { headers } = handshake;
    for (let i = 0; i + 1 < headers.length; i += 2)
      proxyReq.appendHeader(headers[i] ?? '', headers[i + 1] ?? '');
    proxyReq.setHeader('Connection', 'Upgrade');
    proxyReq.setHeader('Upgrade', req.headers.upgrade ?? 'websocket');
  }

  #fail(client: Duplex, detail: string): void {
    this.#logger.warn({ detail }, 'tunnel failed');
    if (client.writable) {
      writeReject(client, 502, '', ['Content-Type', 'text/plain'], Buffer.from(`${ORIGIN_ERROR}\n`));
    }
  }
}

function ignore(): void {}
