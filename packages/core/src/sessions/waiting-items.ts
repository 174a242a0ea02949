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

  /**
   * Keeps an item. `dropped`: there was no room, and what the next link can bring is let go, since what has a gap is of no use.
   * `full`: what has no number has no room, and nobody could bring it.
   */
  add(published: PublishedItem, subscription: Subscription): 'kept' | 'dropped' | 'full' {
    const fits = this.#fits(published);
    if (!fits) this.#dropNumbered();
    const isNumbered = subscription.prevId !== undefined;
    if (!fits && isNumbered) return 'dropped';
    if (!this.#fits(published)) return 'full';
    this.#items.push({ published, subscription });
    this.#bytes += published.cost;
    return fits ? 'kept' : 'dropped';
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

  get isEmpty(): boolean {
    return this.#items.length === 0;
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

  /** One item has room however large it is. */
  #fits(published: PublishedItem): boolean {
    return this.#bytes === 0 || this.#bytes + published.cost <= this.#maxBytes;
  }

  #dropNumbered(): void {
    this.#items = this.#items.filter(({ subscription }) => subscription.prevId === undefined);
    this.#bytes = this.#items.reduce((sum, { published }) => sum + published.cost, 0);
  }
}
