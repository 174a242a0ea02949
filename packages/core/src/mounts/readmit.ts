import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { withoutOffer } from './upgrade-offer.js';

/**
 * Hands a request back to its server as an ordinary one. Once somebody listens for upgrades, Node gives them all to him,
 * those to HTTP/2 that curl and others offer along with a plain request too; a server may ignore such an offer: RFC 9110 7.8.
 */
export function readmit(server: Server, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  const headers = withoutOffer(req.rawHeaders);
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
