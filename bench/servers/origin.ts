import { createServer, type Socket } from 'node:net';
import { listen, ready } from './site.js';

/**
 * The origin of all that is measured, on bare sockets, so that it costs little:
 *
 * - `/small`, `/large`: 100 bytes, 1 MB.
 * - `/stream/CHANNEL`, `/poll/CHANNEL`: held, on that channel.
 * - `/ws/CHANNEL`: WebSocket events over HTTP; subscribes to the channel, and says again what it is told.
 */
const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer | undefined;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    let bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    while (bytes.length > 0) {
      const length = requestLength(bytes);
      if (length === undefined || length > bytes.length) {
        rest = bytes;
        return;
      }
      answer(socket, bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
  });
});

const SMALL = response('Content-Type: text/plain', '.'.repeat(100));
const LARGE = response('Content-Type: application/octet-stream', '.'.repeat(1_000_000));
const EVENTS =
  'Content-Type: application/websocket-events\r\nSec-WebSocket-Extensions: grip; message-prefix=""';
const BAD = Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');

ready({ port: await listen(server) });

/** Bytes of the first request; undefined: its head is not complete. */
function requestLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  // Only requests with a body need a second look.
  if (bytes[0] === 0x47) return end + 4;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end)) ?? [];
  return end + 4 + Number(length ?? 0);
}

function answer(socket: Socket, request: Buffer): void {
  const path = request.toString('latin1', request.indexOf(' ') + 1, request.indexOf(' HTTP/'));
  const channel = path.slice(path.indexOf('/', 1) + 1);
  if (path === '/small') socket.write(SMALL);
  else if (path === '/large') socket.write(LARGE);
  else if (path.startsWith('/stream/')) socket.write(hold('stream', channel));
  else if (path.startsWith('/poll/')) socket.write(hold('response', channel));
  else if (path.startsWith('/ws/')) socket.write(events(request, channel));
  else socket.write(BAD);
}

function hold(mode: string, channel: string): Buffer {
  return response(`Content-Type: text/plain\r\nGrip-Hold: ${mode}\r\nGrip-Channel: ${channel}`, '[open]\n');
}

function events(request: Buffer, channel: string): Buffer {
  const body = request.toString('latin1', request.indexOf('\r\n\r\n') + 4);
  if (!body.startsWith('OPEN')) return response(EVENTS, body);
  const subscribe = `c:{"type":"subscribe","channel":"${channel}"}`;
  return response(EVENTS, `OPEN\r\nTEXT ${subscribe.length.toString(16)}\r\n${subscribe}\r\n`);
}

function response(fields: string, body: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\n${fields}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}
