import type { Socket } from 'node:net';

/**
 * Resets a connection. Node 20 never closes one that is reset while its own end is on its way, and a process with such a one does
 * not end: that one is destroyed.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
