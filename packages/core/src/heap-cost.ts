import type { Item } from '@p-8/protocol';

// What waits is bounded by what it takes of the heap: a message of nine bytes takes hundreds. Measured with Node 20.20, x64, as
// heap and buffers for each of 100,000.

/** A chunk of a stream in a queue, besides its content: two byte arrays, the objects around them, what its channel had before. 345 to 420. */
export const CHUNK_COST = 400;

/** A message in the queue of a WebSocket, besides its content: its frame, and a place in a list. 120 to 165. */
export const MESSAGE_COST = 160;

/** A message in the queue of a SockJS session, besides its text. 32 to 56. */
export const QUOTED_COST = 48;

/** A part of a body that waits for several readers, besides its bytes: a view and a closure. 210 to 260. */
export const PART_COST = 256;

/** An item without formats. With one format it takes 540 to 760, with three 1100 to 1800. */
const ITEM_COST = 384;
const FORMAT_COST = 320;
const META_COST = 64;

/** Objects of JSON take so many times its length. */
const PARSED = 4;

/** Bytes that an item takes while it waits. */
export function itemCost({
  channel,
  id = '',
  prevId = '',
  meta,
  httpResponse,
  httpStream,
  wsMessage,
}: Item): number {
  let cost = ITEM_COST + channel.length + id.length + prevId.length;
  for (const [name, value] of meta) cost += META_COST + name.length + value.length;
  if (httpResponse !== undefined) cost += FORMAT_COST;
  if (httpResponse?.action === 'send')
    cost += httpResponse.body?.length ?? PARSED * jsonLength(httpResponse.bodyPatch);
  if (httpStream !== undefined) cost += FORMAT_COST;
  if (httpStream?.action === 'send') cost += httpStream.content.length;
  if (wsMessage !== undefined) cost += FORMAT_COST;
  if (wsMessage?.action === 'send') cost += wsMessage.content.length;
  return cost;
}

function jsonLength(operations: readonly unknown[] | undefined): number {
  try {
    return JSON.stringify(operations ?? []).length;
  } catch {
    // Nested too deeply, or no JSON: of a publisher in this process.
    return 0;
  }
}
