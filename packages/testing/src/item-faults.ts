import type { FaultOptions } from './origin-faults.js';

/** Which items a fault strikes. */
export interface ItemFaultOptions extends FaultOptions {
  /** @default items of any channel */
  readonly channel?: string;
}

type Kind = 'lose' | 'duplicate' | 'reorder';

interface ArmedItemFault {
  readonly kind: Kind;
  readonly channel: string | undefined;
  left: number;
}

/**
 * What goes wrong with items on their way to the proxy. Each strikes one item unless told otherwise, and an item has one
 * fault at most: the first that was set and is not used up.
 *
 * @example
 * ```ts
 * t.items.lose();
 * await t.publish('news', { 'http-stream': 'gone\n' }, { id: '2', 'prev-id': '1' });
 * ```
 */
export class ItemFaults {
  readonly #note: (text: string) => void;
  readonly #faults: ArmedItemFault[] = [];

  /** @param note hears of each fault that is set */
  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** Items do not arrive; their publisher is told that they did. */
  lose(options: ItemFaultOptions = {}): void {
    this.#arm('lose', 'lost', options);
  }

  /** Items arrive twice. */
  duplicate(options: ItemFaultOptions = {}): void {
    this.#arm('duplicate', 'duplicated', options);
  }

  /** An item arrives after the one that is published next. */
  reorder(options: ItemFaultOptions = {}): void {
    this.#arm('reorder', 'overtaken', options);
  }

  /** All is well again, from the next item on. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** What is to happen to an item of `channel`; undefined: nothing. */
  strike(channel: string): Kind | undefined {
    const at = this.#faults.findIndex((fault) => fault.channel === undefined || fault.channel === channel);
    const fault = this.#faults[at];
    if (fault === undefined) return undefined;
    if (--fault.left <= 0) this.#faults.splice(at, 1);
    return fault.kind;
  }

  #arm(kind: Kind, word: string, { channel, times = 1 }: ItemFaultOptions): void {
    this.#faults.push({ kind, channel, left: times });
    this.#note(
      `${times === 1 ? 'the next item' : `${times} items`}${channel === undefined ? '' : ` on ${channel}`} will be ${word}`,
    );
  }
}
