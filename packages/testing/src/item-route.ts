import type { ItemSink, Receipt } from '@p-8/core';
import { decodeUtf8, type Item } from '@p-8/protocol';
import { ItemFaults } from './item-faults.js';
import { quote, type Timeline } from './timeline.js';

/** An item that was published, and what became of it. */
export interface PublishedItem {
  /** Virtual milliseconds since the test began. */
  readonly at: number;
  readonly channel: string;
  readonly id: string | undefined;
  readonly prevId: string | undefined;
  /** The item as the proxy reads it: all its formats, filled in. */
  readonly item: Item;
  /** All zero for an item that was lost, or waits for the next one to overtake it. */
  readonly receipt: Receipt;
  /** What went wrong with it on the way, because the test said so. */
  readonly fault: 'lost' | 'duplicated' | 'overtaken' | undefined;
}

/** How publishing is refused. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** A publisher was refused, because the test said so. */
export class PublishRefused extends Error {
  override readonly name = 'PublishRefused';
  /** HTTP status. */
  readonly status: number;
  readonly body: string;

  constructor({ status, body }: Refusal) {
    super(`publishing was refused with ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }
}

const NOTHING: Receipt = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };

/** The way of items to the proxy, from every publisher: where they are seen, and can get lost. */
export class ItemRoute implements ItemSink {
  readonly published: PublishedItem[] = [];
  readonly faults: ItemFaults;
  readonly #sink: ItemSink;
  readonly #timeline: Timeline;
  readonly #elapsed: () => number;
  /** It goes on when the next one has passed. */
  #overtaken: Item | undefined;
  #refusal: Refusal | undefined;
  #refusals = 0;

  constructor(sink: ItemSink, timeline: Timeline, elapsed: () => number) {
    this.#sink = sink;
    this.#timeline = timeline;
    this.#elapsed = elapsed;
    this.faults = new ItemFaults((text) => timeline.add('fault', text));
  }

  /** Refuses publishers, `times` times. */
  refuse(refusal: Refusal, times: number): void {
    this.#refusal = refusal;
    this.#refusals = times;
    this.#timeline.add('fault', `publishers will be refused with ${refusal.status}`);
  }

  /** Why a publisher is refused; undefined: it is not. Each call counts as one. */
  refusal(): Refusal | undefined {
    if (this.#refusals <= 0) return undefined;
    this.#refusals--;
    this.#timeline.add('publish', `refused with ${this.#refusal?.status}`);
    return this.#refusal;
  }

  /** @throws PublishRefused where the test said so. */
  publish(item: Item): Receipt {
    const refusal = this.refusal();
    if (refusal !== undefined) throw new PublishRefused(refusal);
    return this.carry(item);
  }

  /** Brings an item to the proxy, whatever refusals there are. */
  carry(item: Item): Receipt {
    const kind = this.faults.strike(item.channel);
    if (kind === 'lose') return this.#note(item, NOTHING, 'lost');
    if (kind === 'reorder' && this.#overtaken === undefined) {
      this.#overtaken = item;
      return this.#note(item, NOTHING, 'overtaken');
    }
    const receipt = this.#sink.publish(item);
    if (kind === 'duplicate') this.#sink.publish(item);
    this.#note(item, receipt, kind === 'duplicate' ? 'duplicated' : undefined);
    const overtaken = this.#overtaken;
    this.#overtaken = undefined;
    if (overtaken !== undefined) this.#note(overtaken, this.#sink.publish(overtaken), undefined);
    return receipt;
  }

  #note(item: Item, receipt: Receipt, fault: PublishedItem['fault']): Receipt {
    const { channel, id, prevId } = item;
    this.published.push({ at: this.#elapsed(), channel, id, prevId, item, receipt, fault });
    this.#timeline.add('publish', `${describe(item)}: ${fault ?? describeReceipt(receipt)}`);
    return receipt;
  }
}

/** What became of several items. */
export function sumReceipts(receipts: readonly Receipt[]): Receipt {
  const sum = (name: keyof Receipt): number => receipts.reduce((total, receipt) => total + receipt[name], 0);
  return {
    matched: sum('matched'),
    delivered: sum('delivered'),
    queued: sum('queued'),
    filtered: sum('filtered'),
    dropped: sum('dropped'),
  };
}

/** An item in words. */
export function describe({ channel, id, httpStream, httpResponse, wsMessage }: Item): string {
  const name = id === undefined ? channel : `${channel} ${id}`;
  const content = [
    httpStream === undefined || httpStream.action === 'send' ? httpStream?.content : httpStream.action,
    httpResponse === undefined || httpResponse.action === 'send' ? httpResponse?.body : httpResponse.action,
    wsMessage === undefined || wsMessage.action === 'send' ? wsMessage?.content : wsMessage.action,
  ].find((part) => part !== undefined);
  if (content === undefined) return `to ${name}`;
  return `to ${name} ${typeof content === 'string' ? content : quote(decodeUtf8(content))}`;
}

/** A receipt in words. */
export function describeReceipt(receipt: Receipt): string {
  const parts = (['delivered', 'queued', 'filtered', 'dropped'] as const)
    .filter((name) => receipt[name] > 0)
    .map((name) => `${name} ${name === 'delivered' ? 'to ' : ''}${receipt[name]}`);
  return parts.length === 0 ? 'nobody is subscribed' : parts.join(', ');
}
