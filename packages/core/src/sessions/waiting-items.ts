import type { PublishedItem } from '../hub/published-item.js';
import type { Subscription } from '../hub/session.js';

/** An item that came while the next link was asked: whether it connects is known only then. */
export interface WaitingItem {
  readonly published: PublishedItem;
  readonly subscription: Subscription;
}

/** Items that wait for a next link, up to a number of bytes. */
export class WaitingItems {
  readonly #maxBytes: number;
  #items: WaitingItem[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps an item. False: there is no room, and all are let go, since what has a gap is of no use. */
  add(published: PublishedItem, subscription: Subscription): boolean {
    const size = published.streamChunk.content.length;
    if (this.#bytes + size > this.#maxBytes) {
      this.clear();
      return false;
    }
    this.#items.push({ published, subscription });
    this.#bytes += size;
    return true;
  }

  /** The items in the order in which they came; none is kept. */
  take(): readonly WaitingItem[] {
    const items = this.#items;
    this.clear();
    return items;
  }

  clear(): void {
    this.#items = [];
    this.#bytes = 0;
  }
}
