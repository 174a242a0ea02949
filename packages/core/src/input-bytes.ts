import type { Limits } from './limits.js';

/** Something that clients have sent and that has to be kept: until the rest of it comes, or until somebody takes it. */
export interface KeptInput {
  /** All clients together have sent too much of this kind, and this is the most: lets go of it. */
  shedInput(): void;
}

/** Bytes that are not worth counting: so much of each connection is part of what `maxSessions` reckons with. */
export const TRIFLE = 4096;

/** The share of the bound that is left when it has been enforced, so that it need not be again for the next bytes. */
const KEPT = 0.75;

/** What the process keeps of what clients send: bounds it, and lets go of the greatest first. */
export class InputBytes {
  readonly #entries = new Map<KeptInput, number>();
  readonly #maxBytes: number;
  readonly #limits: Limits;
  #bytes = 0;
  #sheds = false;

  constructor(maxBytes: number, limits: Limits) {
    this.#maxBytes = maxBytes;
    this.#limits = limits;
  }

  /** Bytes that are kept at the moment, without trifles. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes of `input` are kept from now on. */
  update(input: KeptInput, bytes: number): void {
    if (bytes < TRIFLE) {
      this.remove(input);
      return;
    }
    this.#bytes += bytes - (this.#entries.get(input) ?? 0);
    this.#entries.set(input, bytes);
    if (this.#bytes > this.#maxBytes && !this.#sheds) this.#shed();
  }

  /** Nothing is kept of it any more. */
  remove(input: KeptInput): void {
    // Usually nothing is kept of anything.
    if (this.#entries.size === 0) return;
    this.#bytes -= this.#entries.get(input) ?? 0;
    this.#entries.delete(input);
  }

  #shed(): void {
    this.#sheds = true;
    try {
      const largest = [...this.#entries].sort(([, a], [, b]) => b - a);
      for (const [input, bytes] of largest) {
        if (this.#bytes <= this.#maxBytes * KEPT) return;
        // It may be gone by now, because of one before it.
        if (!this.#entries.has(input)) continue;
        this.remove(input);
        this.#limits.reached('input', { bytes });
        input.shedInput();
      }
    } finally {
      this.#sheds = false;
    }
  }
}
