import type { Duplex } from 'node:stream';
import { progressOf } from '../http/node-connection.js';
import type { Stallable, StallWatch } from '../http/stall-watch.js';

/** One direction of a tunnel: bytes pass as they come, and as fast as the other end takes them. */
export class Pipe implements Stallable {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #stalls: StallWatch;
  readonly #onStall: (waitingBytes: number) => void;

  /** `onStall` hears that `to` has taken nothing of what waits for it for as long as it may. */
  constructor(from: Duplex, to: Duplex, stalls: StallWatch, onStall: (waitingBytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#stalls = stalls;
    this.#onStall = onStall;
  }

  start(): void {
    this.#from.pipe(this.#to);
    // Behind the pipe's own listener, which has written by then.
    this.#from.on('data', this.#look);
  }

  /** Watches no more; what is on its way goes on. */
  release(): void {
    this.#from.off('data', this.#look);
    this.#stalls.remove(this);
  }

  get progress(): number {
    return progressOf(this.#to);
  }

  stillWaits(): boolean {
    if (this.#to.writableLength > 0) return true;
    this.#stalls.remove(this);
    return false;
  }

  stalled(): void {
    this.#onStall(this.#to.writableLength);
  }

  readonly #look = (): void => {
    if (this.#to.writableLength > 0) this.#stalls.add(this);
  };
}
