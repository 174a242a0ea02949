import { Timer, type TimerOwner, type Timers } from '../timers.js';

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

interface Entry {
  bytes: number;
  progress: number;
  /** Whole periods between two sweeps without progress. */
  idle: number;
}

/** Sweeps in a stall: a client is ended after the time-out and a quarter more, at most. */
const SWEEPS = 4;

/** The share of the bound that is left when it has been enforced, so that it need not be again for the next item. */
const KEPT = 0.75;

/** What the process has waiting for slow clients: bounds it, and finds those that take nothing at all. */
export class Backlog implements TimerOwner {
  readonly #entries = new Map<Backlogged, Entry>();
  readonly #maxBytes: number;
  readonly #sweep: number;
  readonly #timers: Timers;
  readonly #timer = new Timer(this);
  #bytes = 0;
  #sheds = false;

  /**
   * @param maxBytes of all clients together
   * @param stallTimeout milliseconds without progress; 0: for ever
   */
  constructor(maxBytes: number, stallTimeout: number, timers: Timers) {
    this.#maxBytes = maxBytes;
    this.#sweep = Math.ceil(stallTimeout / SWEEPS);
    this.#timers = timers;
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

  /** Looks who has taken nothing since the last time. */
  onTimer(): void {
    for (const [queue, entry] of [...this.#entries]) {
      this.update(queue);
      // It may have taken all, and even be too slow again since.
      if (this.#entries.get(queue) !== entry) continue;
      const { progress } = queue;
      entry.idle = progress === entry.progress ? entry.idle + 1 : 0;
      entry.progress = progress;
      if (entry.idle < SWEEPS) continue;
      this.#remove(queue, entry);
      queue.stalled();
    }
    if (this.#entries.size > 0) this.#timers.start(this.#timer, this.#sweep);
  }

  #add(queue: Backlogged, bytes: number): void {
    // What is left of the present period is no whole one.
    const idle = this.#timer.pending ? -1 : 0;
    this.#entries.set(queue, { bytes, progress: queue.progress, idle });
    this.#bytes += bytes;
    if (this.#sweep > 0 && !this.#timer.pending) this.#timers.start(this.#timer, this.#sweep);
  }

  #remove(queue: Backlogged, entry: Entry): void {
    this.#entries.delete(queue);
    this.#bytes -= entry.bytes;
    if (this.#entries.size === 0) this.#timers.stop(this.#timer);
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
