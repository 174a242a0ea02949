import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { withHost } from '../upstream/failover.js';
import { DirectOrigin } from '../websocket/direct-origin.js';
import type { OriginCall, OriginWebSocket, OriginWebSocketOwner } from '../websocket/origin-web-socket.js';
import { OverHttp } from '../websocket/over-http.js';
import type { SessionServices } from './held-request.js';

/** Makes the origin's side of a WebSocket, of the kind that the target is of. */
export function openOrigin(
  services: SessionServices,
  target: WebSocketTarget,
  { path, headers }: Handshake,
  call: OriginCall,
  owner: OriginWebSocketOwner,
): OriginWebSocket {
  const { host, connect, responseTimeout } = target;
  const handshake = { path, headers: host === undefined ? headers : withHost(headers, host) };
  return connect === undefined
    ? new OverHttp(services, target, handshake, call, owner)
    : new DirectOrigin(services, { connect, responseTimeout }, handshake, call, owner);
}
