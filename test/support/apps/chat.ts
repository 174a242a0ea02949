import type { WebSocketContext } from '@p-8/core';

/**
 * What a handler does with the WebSocket of a chat: lets clients in whose names it knows, answers them, and has them hear
 * what is published in the room. False: the client is not to be let in.
 */
export function chat(ws: WebSocketContext, name: string | undefined): boolean {
  if (ws.isOpening()) {
    if (name === undefined) return false;
    ws.accept();
    ws.subscribe('room');
    ws.meta.name = name;
    ws.send(`welcome ${name}`);
  }
  while (ws.canRecv()) {
    if (ws.disconnected) return true;
    const message = ws.recvRaw();
    if (message === null) ws.close(ws.closeCode, `bye ${ws.meta.name}`);
    else if (typeof message !== 'string') ws.sendBinary(message);
    else if (message === '/leave') ws.unsubscribe('room');
    else if (message === '/forget') delete ws.meta.name;
    else if (message === '/kick') ws.close(4000, 'kicked');
    else if (message === '/detach') ws.detach();
    else ws.send(`${ws.meta.name}: ${message}`);
  }
  return true;
}
