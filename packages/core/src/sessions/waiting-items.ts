import type { PublishedItem } from '../hub/published-item.js';
import type { Subscription } from '../hub/session.js';

/** An item that came while the next link was asked: whether it connects is known only then. */
export interface WaitingItem {
  readonly published: PublishedItem;
  readonly subscription: Subscription;
}

/** What is left to deliver after a link's content. */
export interface Uncovered {
  readonly items: readonly WaitingItem[];
  /** The content ends elsewhere than with the last of the items that it covers: it may be older than that. */
  readonly isContentOld: boolean;
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

  /**
   * The items that the link's content has not covered, in their order: it covers all up to the first one that connects.
   * @param current a channel's subscription, which knows what the content has brought
   */
  takeUncovered(current: (channel: string) => Subscription | undefined): Uncovered {
    const covered = new Map<Subscription, string>();
    const items: WaitingItem[] = [];
    for (const { published, subscription: before } of this.take()) {
      const { id, prevId } = published.item;
      const subscription = current(before.channel);
      if (subscription === undefined) continue;
      const connects = subscription.prevId === undefined || subscription.prevId === prevId;
      if (items.length > 0 || connects) {
        covered.delete(subscription);
        items.push({ published, subscription });
      } else if (id !== undefined) {
        covered.set(subscription, id);
      }
    }
    return { items, isContentOld: [...covered].some(([{ prevId }, id]) => prevId !== id) };
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
