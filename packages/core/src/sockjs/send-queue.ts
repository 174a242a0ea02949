import type { SendRequest } from './send-request.js';

/** The sends of a session that wait while its origin takes no more; each is answered when its turn has come. */
export class SendQueue {
  paused = false;
  readonly #maxBytes: number;
  #waiting: SendRequest[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether what comes now must wait. */
  get blocked(): boolean {
    return this.paused || this.#waiting.length > 0;
  }

  /** Bytes of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False: there is no room. A client that waits for its answers, as it should, always finds some. */
  add(send: SendRequest): boolean {
    if (this.#bytes + send.bytes > this.#maxBytes) return false;
    this.#waiting.push(send);
    this.#bytes += send.bytes;
    return true;
  }

  /** The send whose turn it is. */
  next(): SendRequest | undefined {
    if (this.paused) return undefined;
    const send = this.#waiting.shift();
    if (send !== undefined) this.#bytes -= send.bytes;
    return send;
  }

  /** All that wait; they are no part of the queue any more. */
  clear(): SendRequest[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return waiting;
  }
}
