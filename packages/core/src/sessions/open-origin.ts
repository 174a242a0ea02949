import type { HeaderList } from '@p-8/protocol';
import type { Handshake, WebSocketTarget } from '../routing/origin.js';
import { withHost } from '../upstream/failover.js';
import type { ClientFacts } from '../upstream/upstream.js';
import { DirectOrigin } from '../websocket/direct-origin.js';
import type { OriginWebSocket, OriginWebSocketOwner } from '../websocket/origin-web-socket.js';
import { OverHttp } from '../websocket/over-http.js';
import type { SessionServices } from './held-request.js';

/** What there is to know of a connection, whatever carries it. */
export interface OriginRequest {
  readonly handshake: Handshake;
  /** Fields that change from request to request. */
  readonly fields: () => HeaderList;
  readonly connectionId: string;
  readonly client: ClientFacts;
  /** Hears of what is wrong and does no harm. */
  readonly onOddity: (detail: string) => void;
}

/** Makes the origin's side of a WebSocket, of the kind that the target is of. */
export function openOrigin(
  services: SessionServices,
  target: WebSocketTarget,
  owner: OriginWebSocketOwner,
  request: OriginRequest,
): OriginWebSocket {
  const { path, headers } = request.handshake;
  const { upstream, host, connect, oneEvent, responseTimeout } = target;
  const parts = { ...request, path, headers: host === undefined ? headers : withHost(headers, host) };
  const { clock, timers, flusher, lingering, maxMessageBytes, onError } = services;
  return connect === undefined
    ? new OverHttp({ ...parts, upstream, oneEvent, maxMessageBytes, clock, timers, onError }, owner)
    : new DirectOrigin(
        { ...parts, connect, responseTimeout, maxMessageBytes, timers, flusher, lingering, onError },
        owner,
      );
}
