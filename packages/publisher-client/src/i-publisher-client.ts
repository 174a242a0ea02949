import type { IAuth } from './auth/index.js';
import type { IItem } from './item.js';
import type { LoadedKey } from './keys.js';
import type { SendOptions } from './publish-options.js';
import type { PublishRequest } from './publish-request.js';
import type { Receipt } from './receipt.js';

/** One endpoint of a publisher. `publish` alone will do, as in clients of your own and those of @fanoutio/grip. */
export interface IPublisherClient {
  getAuth?(): IAuth | undefined;
  getVerifyIss?(): string | undefined;
  getVerifyKey?(): LoadedKey | undefined;
  /** Publishes an item. Whatever it resolves to, and is no {@link Receipt}, counts as not known. */
  publish(channel: string, item: IItem): Promise<unknown>;
  /** Publishes all items in one go. */
  publishAll?(request: PublishRequest, options: SendOptions): Promise<Receipt | undefined>;
}
