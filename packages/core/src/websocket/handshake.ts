import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { filterHeaders, type HeaderList, reasonPhrase } from '@p-8/protocol';
import { extension, PerMessageDeflate } from './ws.js';

/** RFC 6455 1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The most characters of a client's key; a right one has 24. Source: Pushpin. */
const MAX_KEY_LENGTH = 220;

/** Why a handshake cannot be answered with 101. */
export interface HandshakeError {
  readonly status: number;
  readonly message: string;
  readonly headers: HeaderList;
}

/** Whether a request that wants to upgrade wants a WebSocket, and only that. */
export function isWebSocketRequest(req: IncomingMessage): boolean {
  return req.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Checks a client's handshake: RFC 6455 4.2.1. */
export function checkHandshake(req: IncomingMessage): HandshakeError | undefined {
  const { headers } = req;
  if (req.httpVersionMajor !== 1)
    return handshakeError(505, `HTTP version not supported: ${req.httpVersion}.`);
  if (req.httpVersion !== '1.1') return handshakeError(400, 'A WebSocket is opened with HTTP/1.1.');
  if (!isWebSocketRequest(req)) return handshakeError(400, 'Not a WebSocket handshake: Upgrade is wrong.');
  if (req.method !== 'GET') return handshakeError(405, 'A WebSocket is opened with GET.', ['Allow', 'GET']);
  if (headers['sec-websocket-version'] !== '13') {
    return handshakeError(426, 'Sec-WebSocket-Version must be 13.', ['Sec-WebSocket-Version', '13']);
  }
  const key = headers['sec-websocket-key'];
  if (key === undefined || key === '' || key.length > MAX_KEY_LENGTH) {
    return handshakeError(400, 'Not a WebSocket handshake: Sec-WebSocket-Key is missing or wrong.');
  }
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  return hasBody ? handshakeError(400, 'A WebSocket handshake has no body.') : undefined;
}

function handshakeError(status: number, message: string, headers: HeaderList = []): HandshakeError {
  return { status, message, headers };
}

/** The answer to a `Sec-WebSocket-Key`: RFC 6455 4.2.2. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** Fields of a response that the handshake itself sets, or that make no sense with one. */
const OWN_FIELDS = new Set([
  'upgrade',
  'connection',
  'sec-websocket-accept',
  'content-length',
  'content-type',
  'transfer-encoding',
  'keep-alive',
  'trailer',
  'proxy-connection',
]);

/** Writes the response that opens a WebSocket. */
export function writeAccept(
  socket: Duplex,
  key: string,
  headers: HeaderList,
  compression: Compression | undefined,
): void {
  const own = ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', acceptKey(key)];
  if (compression !== undefined) own.push('Sec-WebSocket-Extensions', compression.response);
  const fields = filterHeaders(headers, (name) => !OWN_FIELDS.has(name));
  socket.write(head(101, '', [...own, ...fields]), 'latin1');
}

/** Writes an origin's response that opens a WebSocket. `headers`: what it says besides, the key's answer included. */
export function writeSwitch(socket: Duplex, headers: HeaderList): void {
  const own = ['Upgrade', 'websocket', 'Connection', 'Upgrade'];
  const fields = filterHeaders(headers, (name) => name !== 'content-length');
  socket.write(head(101, '', [...own, ...fields]), 'latin1');
}

/** Fields that say how the bytes of a response are carried. */
const CARRIAGE = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'trailer']);

/** Answers a handshake with an ordinary response, and ends the connection. */
export function writeReject(
  socket: Duplex,
  status: number,
  reason: string,
  headers: HeaderList,
  body: Uint8Array,
): void {
  const fields = filterHeaders(headers, (name) => !CARRIAGE.has(name) && name !== 'upgrade');
  const bodyless = status === 204 || status === 304;
  const carriage = bodyless ? [] : ['Content-Length', String(body.length)];
  socket.write(head(status, reason, [...fields, ...carriage, 'Connection', 'close']), 'latin1');
  if (body.length > 0 && !bodyless) socket.write(body);
  socket.end();
}

function head(status: number, reason: string, headers: HeaderList): string {
  let text = `HTTP/1.1 ${status} ${reason === '' ? reasonPhrase(status) : reason}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Compression that a client has asked for, and gets. */
export interface Compression {
  readonly deflate: PerMessageDeflate;
  /** `Sec-WebSocket-Extensions` of the response. */
  readonly response: string;
}

/**
 * Agrees on compression, if the client offers it in a form that costs no memory between messages: neither side keeps
 * context, so a compressed message can be the same for all. RFC 7692. An offer that cannot be read is none.
 */
export function negotiateCompression(offer: string, maxMessageBytes: number): Compression | undefined {
  try {
    const offers = extension.parse(offer)[PerMessageDeflate.extensionName];
    if (offers === undefined) return undefined;
    const deflate = new PerMessageDeflate({
      isServer: true,
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: false,
      maxPayload: maxMessageBytes,
    });
    const params = deflate.accept(offers);
    return { deflate, response: extension.format({ [PerMessageDeflate.extensionName]: [params] }) };
  } catch {
    return undefined;
  }
}
