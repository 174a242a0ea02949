import { headerValue, type Instruct, type Item, isMediaType } from '@p-8/protocol';
import { CHUNK_COST } from '../heap-cost.js';
import type { ClientStream } from '../http/client-stream.js';
import { OwnChunk } from '../http/stream-chunk.js';
import type { Subscription } from '../hub/session.js';
import type { StreamRequest } from './held-request.js';
import { type Returning, replay } from './replay.js';

/** Sends a client of Server-Sent Events that comes back what it has missed, where that is not the origin's business. */
export function replayEvents(
  { services, uri, limits }: StreamRequest,
  lastEventId: string | undefined,
  instruct: Instruct,
  subscriptions: readonly Subscription[],
  stream: ClientStream,
  deliver: Returning['deliver'],
): void {
  if (lastEventId === undefined || !isEventStream(instruct)) return;
  const returning = subscriptions.filter(
    ({ channel, prevId }) => prevId === undefined && services.history.covers(channel),
  );
  if (returning.length === 0) return;
  // What the client takes at once needs no room.
  stream.flush();
  replay(services, lastEventId, returning, {
    uri,
    room: () => limits.queueBytes - stream.pendingCost,
    bytesOf,
    deliver,
    sendGap: (name) => stream.write(new OwnChunk(gapEvent(name, lastEventId))),
  });
}

function isEventStream({ response }: Instruct): boolean {
  return isMediaType(headerValue(response.headers, 'content-type'), 'text/event-stream');
}

function bytesOf({ httpStream }: Item): number | undefined {
  if (httpStream === undefined) return undefined;
  // An end has none.
  return httpStream.action === 'send' ? CHUNK_COST + httpStream.content.length : 0;
}

/** An event that tells of a gap. It has no id: the client keeps the one that it has. */
function gapEvent(channel: string, lastId: string): Buffer {
  // JSON is one line: line ends in text are escaped.
  return Buffer.from(`event: gap\ndata: ${JSON.stringify({ channel, 'last-id': lastId })}\n\n`);
}
