import { excessBytes, FORMAT_NAMES, type ItemInput, itemToJson, MAX_NAME_BYTES } from '@p-8/protocol';
import type { IItem } from './item.js';
import { invalid } from './publish-exception.js';

/** The items of one publish, made ready once for all endpoints. Channels have the publisher's prefix. */
export class PublishRequest {
  readonly items: readonly ItemInput[];
  #json: string | undefined;

  /** @throws PublishException `GRIP_ERR_PUBLISH_INVALID_ITEM`. */
  constructor(items: readonly ItemInput[]) {
    items.forEach(check);
    this.items = items;
  }

  /** Whether it does no harm to publish it twice: proxies drop an item whose id they have seen. */
  get isRepeatable(): boolean {
    return this.items.every(({ id }) => typeof id === 'string');
  }

  /** The body for a control API. @throws PublishException `GRIP_ERR_PUBLISH_INVALID_ITEM`, for what JSON cannot hold. */
  toJson(): string {
    try {
      this.#json ??= JSON.stringify({ items: this.items.map(itemToJson) });
    } catch (error) {
      throw invalid(`an item cannot be written as JSON: ${error}`, error);
    }
    return this.#json;
  }
}

/** Whether something is an {@link IItem}, of this package or of @fanoutio/grip. */
export function isItem(value: unknown): value is IItem {
  return typeof (value as Partial<IItem> | undefined | null)?.export === 'function';
}

/** An {@link IItem} as plain data. @throws PublishException `GRIP_ERR_PUBLISH_INVALID_ITEM`. */
export function exportItem(channel: string, item: IItem): ItemInput {
  try {
    return { ...(item.export() as Omit<ItemInput, 'channel'>), channel };
  } catch (error) {
    throw invalid(`the item cannot be exported: ${error}`, error);
  }
}

/** As much as an item needs to become JSON; the endpoint, which has all the rules, says what else is wrong with it. */
function check({ channel, id, 'prev-id': prevId, formats }: Partial<ItemInput>): void {
  if (typeof channel !== 'string') throw invalid(`the channel must be a string, and is ${channel}`);
  for (const [what, name] of Object.entries({ channel, id, 'prev-id': prevId })) {
    const bytes = typeof name === 'string' ? excessBytes(name) : undefined;
    if (bytes !== undefined)
      throw invalid(`the ${what} has ${bytes} bytes, and at most ${MAX_NAME_BYTES} are allowed`);
  }
  if (typeof formats !== 'object' || Object.keys(formats ?? {}).length === 0) {
    throw invalid("the formats must be an object like { 'http-stream': 'hello' }");
  }
  for (const [name, value] of Object.entries(formats as Readonly<Record<string, unknown>>)) {
    if (value == null) throw invalid(`format '${name}' is ${value}`);
    // A format of the user's own is an object: what it means is known to the proxy, if at all.
    if (typeof value !== 'object' && !(FORMAT_NAMES as readonly string[]).includes(name))
      throw invalid(`no format '${name}': formats are ${FORMAT_NAMES}`);
  }
}
