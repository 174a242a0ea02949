import type { Stallable, StallWatch } from '../http/stall-watch.js';

/** What waits for one client. */
export interface Backlogged {
  /** Bytes in this process that the client has not taken; 0: nothing waits. */
  readonly waitingBytes: number;
  /** Changes whenever the client takes something. */
  readonly progress: number;
  /** All clients together have too much waiting, and this one the most: frees what waits for it. */
  shed(): void;
  /** The client has taken nothing for the time that it may. */
  stalled(): void;
}

/** The share of the bound that is left when it has been enforced, so that it need not be again for the next item. */
const KEPT = 0.75;

/** What the process has waiting for slow clients: bounds it, and finds those that take nothing at all. */
export class Backlog {
  readonly #entries = new Map<Backlogged, Entry>();
  readonly #maxBytes: number;
  readonly #stalls: StallWatch;
  #bytes = 0;
  #sheds = false;

  /**
   * @param maxBytes of all clients together
   * @param stalls finds those that take nothing
   */
  constructor(maxBytes: number, stalls: StallWatch) {
    this.#maxBytes = maxBytes;
    this.#stalls = stalls;
  }

  /** Bytes that wait for all clients together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Something has been added to what waits for a client, or it has taken something. */
  update(queue: Backlogged): void {
    const bytes = queue.waitingBytes;
    const entry = this.#entries.get(queue);
    if (bytes === 0) {
      if (entry !== undefined) this.#remove(queue, entry);
      return;
    }
    if (entry === undefined) this.#add(queue, bytes);
    else {
      this.#bytes += bytes - entry.bytes;
      entry.bytes = bytes;
    }
    if (this.#bytes > this.#maxBytes && !this.#sheds) this.#shed();
  }

  /** A client is gone. */
  remove(queue: Backlogged): void {
    const entry = this.#entries.get(queue);
    if (entry !== undefined) this.#remove(queue, entry);
  }

  #add(queue: Backlogged, bytes: number): void {
    const entry = new Entry(this, queue, bytes);
    this.#entries.set(queue, entry);
    this.#bytes += bytes;
    this.#stalls.add(entry);
  }

  #remove(queue: Backlogged, entry: Entry): void {
    this.#entries.delete(queue);
    this.#bytes -= entry.bytes;
    this.#stalls.remove(entry);
  }

  /** The largest first: one client that takes nothing must not cost those that are only a little slow. */
  #shed(): void {
    this.#sheds = true;
    try {
      // What one of them cannot drop without being ended counts again: then some must be ended.
      for (let pass = 0; pass < 2; pass++) this.#shedLargest();
    } finally {
      this.#sheds = false;
    }
  }

  #shedLargest(): void {
    const largest = [...this.#entries].sort(([, a], [, b]) => b.bytes - a.bytes);
    for (const [queue, entry] of largest) {
      if (this.#bytes <= this.#maxBytes * KEPT) return;
      // It may be gone by now, because of one before it.
      if (this.#entries.get(queue) !== entry) continue;
      this.#remove(queue, entry);
      queue.shed();
    }
  }
}

class Entry implements Stallable {
  bytes: number;
  readonly #backlog: Backlog;
  readonly #queue: Backlogged;

  constructor(backlog: Backlog, queue: Backlogged, bytes: number) {
    this.#backlog = backlog;
    this.#queue = queue;
    this.bytes = bytes;
  }

  get progress(): number {
    return this.#queue.progress;
  }

  stillWaits(): boolean {
    // Some of it may have gone without a word.
    this.#backlog.update(this.#queue);
    return true;
  }

  stalled(): void {
    this.#backlog.remove(this.#queue);
    this.#queue.stalled();
  }
}
