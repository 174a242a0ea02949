import type { WebSocketContext } from '@fanoutio/grip';

/** The channel of the examples of @fanoutio/serve-grip. */
export const CHANNEL_NAME = 'test';

/**
 * More of a WebSocket context than the examples use: tells how many messages have come, which the proxy remembers; stops at
 * `leave`, and lets go at `detach`. Gives the status of the response.
 */
export function count(wsContext: WebSocketContext | null | undefined, query: string | undefined): number {
  if (wsContext == null) return 400;
  if (wsContext.isOpening()) {
    if (query === 'secret') wsContext.accept();
    else return 401;
  }
  while (wsContext.canRecv()) {
    const message = wsContext.recvRaw();
    if (message === null) {
      wsContext.close(wsContext.closeCode ?? 1000);
      break;
    }
    const total = Number(wsContext.meta.total ?? 0) + 1;
    wsContext.meta.total = String(total);
    if (message instanceof Uint8Array) wsContext.sendBinary(message);
    else wsContext.send(`${total}: ${message}`);
    if (message === 'subscribe') wsContext.subscribe(CHANNEL_NAME);
    if (message === 'unsubscribe') wsContext.unsubscribe(CHANNEL_NAME);
    if (message === 'detach') wsContext.detach();
    if (message === 'leave') wsContext.close(4000);
  }
  return 200;
}
