import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../http/request-checks.js';
import type { ClientWebSocket } from '../websocket/client-web-socket.js';
import { checkHandshake } from '../websocket/handshake.js';
import { SocketClient } from '../websocket/socket-client.js';
import type { ProxyContext } from './mount.js';

/** A client that asks for a WebSocket, to be let in or not; undefined: what it sent is no handshake, and it has been told so. */
export function openHandshake(
  context: ProxyContext,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): SocketClient | undefined {
  const { services } = context;
  const client = new SocketClient(req, socket, head, services);
  const error = checkHandshake(req);
  if (error === undefined) return client;
  services.logger.info({ url: req.url, status: error.status }, error.message);
  refuseHandshake(client, error, error.headers);
  return undefined;
}

/** Answers a handshake with a line of text. */
export function refuseHandshake(
  client: ClientWebSocket,
  { status, message }: Refusal,
  headers: readonly string[] = [],
): void {
  client.reject(status, '', ['Content-Type', 'text/plain', ...headers], Buffer.from(`${message}\n`));
}

/** Why a page must not open a WebSocket; undefined: it may. Clients that are no browsers send no `Origin`. RFC 6455 10.2. */
export function pageRefusal(
  req: IncomingMessage,
  allowed: readonly string[] | undefined,
): Refusal | undefined {
  const { origin } = req.headers;
  if (allowed === undefined || origin === undefined || allowed.includes(origin)) return undefined;
  return { status: 403, message: 'This page may not open a WebSocket here.' };
}
