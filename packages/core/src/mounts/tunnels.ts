import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import { ORIGIN_ERROR } from '../http/error-response.js';
import { relayedHeaders } from '../http/forwarded-headers.js';
import type { LingeringSockets } from '../http/lingering-sockets.js';
import type { Logger } from '../logger.js';
import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { withHost } from '../upstream/failover.js';
import { writeReject } from '../websocket/handshake.js';
import { readRefusal } from '../websocket/refusal.js';

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
  readonly #lingering: LingeringSockets;
  readonly #clients = new Set<Duplex>();
  /** Those whose handshake has been accepted. */
  readonly #open = new WeakSet<Duplex>();

  constructor({ logger, lingering }: { readonly logger: Logger; readonly lingering: LingeringSockets }) {
    this.#logger = logger;
    this.#lingering = lingering;
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
    // A client that leaves before it is let in must be noticed; what it sends already must wait.
    client.on('readable', look);
    client.once('end', destroyUnopened);
    this.#tryTarget(req, client, handshake, targets, 0);
  }

  /** Cuts all of them. */
  close(): void {
    for (const client of this.#clients) client.destroy();
    this.#proxy.close();
  }

  #tryTarget(
    req: Tunnelled,
    client: Duplex,
    handshake: Handshake,
    targets: readonly WebSocketTarget[],
    index: number,
  ): void {
    const { connect, host } = targets[index] ?? {};
    if (connect === undefined) {
      this.#fail(client, 'Unable to connect to any targets.');
      return;
    }
    connect(host ?? req.headers.host ?? '', (error, origin) => {
      if (client.destroyed) {
        origin?.destroy();
      } else if (origin === undefined) {
        this.#logger.info({ url: req.url, detail: error?.detail }, 'target not reached');
        this.#tryTarget(req, client, handshake, targets, index + 1);
      } else {
        // Neither end outlives the other: http-proxy leaves the origin's open when the client goes away.
        client.once('close', () => origin.destroy());
        origin.once('close', () => this.#end(client));
        const { headers } = handshake;
        const own = host === undefined ? handshake : { ...handshake, headers: withHost(headers, host) };
        Object.assign(req, { [kHandshake]: own });
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
    proxyReq.once('upgrade', () => {
      this.#open.add(client);
      stopLooking(client);
    });
    proxyReq.once('response', (response: IncomingMessage & { upgrade?: boolean }) => {
      // Else http-proxy would pass the body on without the framing that its fields speak of.
      response.upgrade = true;
      readRefusal(response, {
        refused: (status, reason, fields, body) =>
          this.#reject(client, status, reason, relayedHeaders(fields), body),
        failed: (detail) => this.#fail(client, detail),
      });
    });
  }

  #fail(client: Duplex, detail: string): void {
    this.#logger.warn({ detail }, 'tunnel failed');
    // No response may come among the bytes of a WebSocket.
    if (this.#open.has(client)) return;
    this.#reject(client, 502, '', ['Content-Type', 'text/plain'], Buffer.from(`${ORIGIN_ERROR}\n`));
  }

  #reject(client: Duplex, status: number, reason: string, headers: string[], body: Uint8Array): void {
    stopLooking(client);
    if (!client.writable) return;
    writeReject(client, status, reason, headers, body);
    this.#lingering.add(client);
  }

  /** The origin is gone: the client gets what is still on its way, and then the end. */
  #end(client: Duplex): void {
    client.end();
    this.#lingering.add(client);
  }
}

/** Only a look: reading when nothing is there finds the end. */
function look(this: Duplex): void {
  if (this.readableLength === 0) this.read();
}

function destroyUnopened(this: Duplex): void {
  this.destroy();
}

function stopLooking(client: Duplex): void {
  client.off('readable', look);
  client.off('end', destroyUnopened);
}

function ignore(): void {}
