import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isLast, unanswered } from '../http/node-connection.js';
import { WaitingClient } from '../websocket/waiting-client.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * Calls `upgrade` when the requests that the client has sent before on the connection are answered. Node tells of an upgrade
 * at once, and its answer would come among theirs. Never, where the client leaves before, or the last answer closes the
 * connection. RFC 9112 9.3.2.
 */
export function upgradeInTurn(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upgrade: (head: Buffer) => void,
): void {
  const response = unanswered(socket);
  if (response === undefined) {
    upgrade(head);
    return;
  }
  const waiting = new WaitingClient(req, socket, head, ignore);
  response.once('close', () => {
    waiting.stop();
    if (!socket.destroyed && !isLast(response)) upgradeInTurn(req, socket, NO_BYTES, upgrade);
  });
}

function ignore(): void {}
