import type { Item } from '@p-8/protocol';
import { MESSAGE_COST } from '../heap-cost.js';
import type { Subscription } from '../hub/session.js';
import { WebSocketMessage } from '../websocket/message.js';
import type { SessionServices } from './held-request.js';
import { replay } from './replay.js';
import type { GripConnection } from './web-socket-grip.js';

/** Sends a WebSocket that comes back the messages of a channel that it has missed. */
export function replayMessages(
  services: SessionServices,
  lastId: string,
  subscription: Subscription,
  connection: GripConnection,
): void {
  replay(services, lastId, [subscription], {
    uri: connection.uri,
    room: () => connection.room,
    bytesOf,
    deliver: (published, to) => connection.deliver(published, to),
    sendGap: (name) => connection.push(gapMessage(name, lastId)),
  });
}

function bytesOf({ wsMessage }: Item): number | undefined {
  return wsMessage?.action === 'send' ? MESSAGE_COST + wsMessage.content.length : undefined;
}

function gapMessage(channel: string, lastId: string): WebSocketMessage {
  const json = JSON.stringify({ type: 'gap', channel, 'last-id': lastId });
  return new WebSocketMessage('text', Buffer.from(json));
}
