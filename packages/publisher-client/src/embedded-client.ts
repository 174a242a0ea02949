import type { ItemInput } from '@p-8/protocol';
import type { IPublisherClient } from './i-publisher-client.js';
import type { IItem } from './item.js';
import { exportItem, PublishRequest } from './publish-request.js';
import { addReceipts, type Receipt } from './receipt.js';

/** A proxy in the same process: `gripProxy()` of an adapter, a `GripProxy`, or another publisher. */
export interface EmbeddedGrip {
  publish(items: readonly ItemInput[]): Promise<unknown>;
}

/**
 * Publishes to a proxy in the same process, without JSON and HTTP. It has no key to verify `Grip-Sig` with and needs none: what
 * clients send as `Grip-Sig` is taken away before the app sees it.
 */
export class EmbeddedClient implements IPublisherClient {
  readonly #grip: EmbeddedGrip;

  constructor(grip: EmbeddedGrip) {
    this.#grip = grip;
  }

  async publish(channel: string, item: IItem): Promise<Receipt | undefined> {
    return this.publishAll(new PublishRequest([exportItem(channel, item)]));
  }

  async publishAll({ items }: PublishRequest): Promise<Receipt | undefined> {
    return addReceipts([await this.#grip.publish(items)]);
  }
}
