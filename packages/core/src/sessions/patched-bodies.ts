import type { Limits } from '../limits.js';
import type { Logger } from '../logger.js';
import { type PatchLimits, patchBody } from './body-patch.js';

const EMPTY = new Uint8Array(0);

/** Bodies that JSON Patch makes of those that long-polls are held with: once for all that are held with the same. */
export class PatchedBodies {
  readonly #bounds: PatchLimits;
  readonly #limits: Limits;
  readonly #logger: Logger;
  /** The operations that were asked for last. An item is given to all who wait for it in one go. */
  #operations: readonly unknown[] | undefined;
  /** What they make of which body. */
  readonly #results = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(bounds: PatchLimits, limits: Limits, logger: Logger) {
    this.#bounds = bounds;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** A patch that fails gives an empty body: the client must know that something has happened. */
  patch(body: Uint8Array, operations: readonly unknown[], channel: string): Uint8Array {
    if (this.#operations !== operations) this.#forget(operations);
    const key = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    const existing = this.#results.get(key);
    if (existing !== undefined) return existing;
    const result = this.#compute(body, operations, channel);
    if (this.#bytes > this.#bounds.bytes) this.#forget(operations);
    this.#bytes += key.length + result.length;
    this.#results.set(key, result);
    return result;
  }

  #compute(body: Uint8Array, operations: readonly unknown[], channel: string): Uint8Array {
    const result = patchBody(body, operations, this.#bounds);
    if (typeof result !== 'string') return result;
    if (result !== 'failed') this.#limits.reached('patch', { channel, bound: result });
    this.#logger.info({ channel, reason: result }, 'body-patch failed: sent an empty body');
    return EMPTY;
  }

  #forget(operations: readonly unknown[]): void {
    this.#operations = operations;
    this.#results.clear();
    this.#bytes = 0;
  }
}
