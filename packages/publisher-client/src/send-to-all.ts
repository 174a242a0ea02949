import { itemToJson } from '@p-8/protocol';
import { EmbeddedClient } from './embedded-client.js';
import type { IPublisherClient } from './i-publisher-client.js';
import type { IItemExport } from './item.js';
import { aborted, combine, failure, type PublishContext, PublishException } from './publish-exception.js';
import type { SendOptions } from './publish-options.js';
import type { PublishRequest } from './publish-request.js';
import { addReceipts, type Receipt } from './receipt.js';

/** Publishes to all endpoints at the same time. @throws PublishException when one of them fails; all have been tried. */
export async function sendToAll(
  clients: readonly IPublisherClient[],
  request: PublishRequest,
  options: SendOptions,
): Promise<Receipt | undefined> {
  if (options.signal?.aborted) throw aborted(options.signal);
  // What JSON cannot hold must be known before anybody gets it.
  if (clients.some((client) => !(client instanceof EmbeddedClient))) request.toJson();
  const results = await Promise.allSettled(clients.map((client) => sendTo(client, request, options)));
  const errors: PublishException[] = [];
  const receipts: unknown[] = [];
  for (const result of results) {
    if (result.status === 'fulfilled') receipts.push(result.value);
    else errors.push(toException(result.reason));
  }
  const [first, ...others] = errors;
  if (first !== undefined) throw combine(first, others);
  return addReceipts(receipts);
}

async function sendTo(
  client: IPublisherClient,
  request: PublishRequest,
  options: SendOptions,
): Promise<Receipt | undefined> {
  if (client.publishAll !== undefined) return client.publishAll(request, options);
  const receipts: unknown[] = [];
  for (const item of request.items) {
    const { channel, ...exported } = itemToJson(item);
    if (options.signal?.aborted) throw aborted(options.signal);
    // A client of somebody else's may change what it gets.
    const own = { export: () => ({ ...exported }) as unknown as IItemExport };
    receipts.push(await client.publish(item.channel, own));
  }
  return addReceipts(receipts);
}

/** Clients of somebody else's reject with anything, @fanoutio/grip's with what is no Error; an embedded proxy with its own errors. */
function toException(error: unknown): PublishException {
  if (error instanceof PublishException) return error;
  const {
    message = error,
    context,
    code,
  } = (error ?? {}) as Partial<Record<'message' | 'code', unknown>> & {
    context?: PublishContext;
  };
  const isInvalid = code === 'GRIP_ERR_INVALID_ITEM';
  return failure(isInvalid ? 'INVALID_ITEM' : 'FAILED', String(message), { cause: error, context });
}
