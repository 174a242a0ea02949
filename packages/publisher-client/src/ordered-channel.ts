import type { FormatsInput } from '@p-8/protocol';
import { Channel } from './channel.js';
import type { IItem } from './item.js';
import type { PublishOptions, SendOptions } from './publish-options.js';
import type { Receipt } from './receipt.js';

/** How an ordered channel begins. */
export interface OrderedOptions {
  /** Id of the item that was published last, by the process before this one for instance. @default not known */
  readonly lastId?: string | undefined;
}

/** What an ordered channel is made of. */
export interface OrderedParts {
  lastId(): string;
  publish(content: FormatsInput | IItem, options?: PublishOptions): Promise<Receipt | undefined>;
}

/**
 * A channel whose items are numbered, so that clients in reliable mode notice what they miss and get it from their next link. One
 * process at a time may number a channel.
 *
 * @example
 * ```ts
 * const news = publisher.ordered('news');
 * await news.publish({ 'http-stream': 'hello\n' });
 * const instruct = new GripInstruct(news.channel());
 * ```
 */
export class OrderedChannel {
  /** Without the publisher's prefix. */
  readonly name: string;
  readonly #parts: OrderedParts;

  constructor(name: string, parts: OrderedParts) {
    this.name = name;
    this.#parts = parts;
  }

  /** Id of the last item, whether it is through or not. Before the first one it is an id that no item has. */
  get lastId(): string {
    return this.#parts.lastId();
  }

  /**
   * Publishes when everything before is through. Gives the item an id, unless it has one of its own.
   * @throws PublishException also `GRIP_ERR_PUBLISH_QUEUE_FULL`, when 1000 items wait already.
   */
  publish(formats: FormatsInput, options?: PublishOptions): Promise<Receipt | undefined>;
  publish(item: IItem, options?: SendOptions): Promise<Receipt | undefined>;
  publish(content: FormatsInput | IItem, options?: PublishOptions): Promise<Receipt | undefined> {
    return this.#parts.publish(content, options);
  }

  /**
   * The channel for an instruct: who is subscribed to it gets every item after {@link OrderedChannel.lastId}. Ask for it before the content
   * that goes with it is read. A stream needs a next link besides.
   * @param filters the names of at most five filters that items pass
   */
  channel(filters: readonly string[] = []): Channel {
    return new Channel(this.name, this.lastId, filters);
  }
}
