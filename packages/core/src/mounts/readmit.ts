import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { filterHeaders, splitHeader } from '@p-8/protocol';

/**
 * Hands a request back to its server as an ordinary one. Once somebody listens for upgrades, Node gives them all to him,
 * those to HTTP/2 that curl and others offer along with a plain request too; a server may ignore such an offer: RFC 9110 7.8.
 */
export function readmit(server: Server, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  const headers = filterHeaders(req.rawHeaders, (name) => !isUpgradeField(name));
  const options = splitHeader(req.rawHeaders, 'connection').filter(
    (name) => !isUpgradeField(name.toLowerCase()),
  );
  if (options.length > 0) headers.push('Connection', options.join(', '));
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function isUpgradeField(lowerName: string): boolean {
  return lowerName === 'upgrade' || lowerName === 'connection' || lowerName === 'http2-settings';
}
