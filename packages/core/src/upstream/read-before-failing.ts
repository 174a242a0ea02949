import type { Socket } from 'node:net';

/** What the system says of a connection that the other end has closed or reset. */
const CLOSED = new Set(['EPIPE', 'ECONNRESET']);

type Written = (error?: Error | null) => void;

/**
 * Lets an origin that answers before it has read the whole request, and closes its connection, be heard. The write that finds the
 * connection closed would destroy the socket, and with it the answer, which may have come and not been read: RFC 9112 9.5. So such
 * a write never ends. Reading does: with the end of the connection, or with an error, once all that has come has been read.
 */
export function readBeforeFailing(socket: Socket): void {
  const { _write, _writev } = socket;
  const unlessClosed =
    (written: Written): Written =>
    (error) => {
      if (!isClosed(error) || socket.readableEnded || socket.destroyed) written(error);
    };
  socket._write = (chunk, encoding, written) => _write.call(socket, chunk, encoding, unlessClosed(written));
  if (_writev == null) return;
  socket._writev = (chunks, written) => _writev.call(socket, chunks, unlessClosed(written));
}

function isClosed(error: NodeJS.ErrnoException | null | undefined): boolean {
  return CLOSED.has(error?.code ?? '');
}
