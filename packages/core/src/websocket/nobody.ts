import type { ClientWebSocketOwner } from './client-web-socket.js';

/** Is behind a client before its owner is, and after it. */
export const nobody: ClientWebSocketOwner = {
  onClientMessage() {},
  onClientClose() {},
  onClientGone() {},
  onClientBlocked() {},
  onClientDrained() {},
};
