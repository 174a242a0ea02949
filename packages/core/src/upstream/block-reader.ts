import type { OnReadOpts } from 'node:net';
import type { Written } from '../http/response-methods.js';

/** As much as Node reads at once. */
const BLOCK_BYTES = 64 * 1024;
/** What is shorter is copied: so whatever waits for a slow client fills half of its block at the least. */
const WORTH_LENDING = BLOCK_BYTES / 2;
/** Blocks that wait for their next use, 4 MB of them. More are left to V8. */
const MAX_FREE = 64;

/** What all connections read into, and copy from at once, as long as they bring little. */
const landing: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
const free: Buffer[] = [];
/** The blocks that are out, and how many bytes have been read into them. */
const lent = new WeakMap<ArrayBufferLike, number>();

/**
 * Has what a connection brings read into blocks that are used again. Node takes a new one for each read, and V8 frees them
 * 32 MB at a time: for large bodies that costs a sixth of all time, and more where V8 looks through the whole heap each time.
 *
 * A block is used again only when {@link whenWritten} has been asked for, and what it gave has been called. Otherwise it is left
 * to V8 like any other.
 */
export class BlockReader implements OnReadOpts {
  readonly #read: (chunk: Buffer) => boolean;
  #block: Buffer = landing;

  /** @param read gets what the connection brings; false: it is to bring no more for now */
  constructor(read: (chunk: Buffer) => boolean) {
    this.#read = read;
  }

  readonly buffer = (): Buffer => this.#block;

  readonly callback = (length: number): boolean => {
    let block = this.#block;
    if (length < WORTH_LENDING) {
      const copy = Buffer.from(block.subarray(0, length));
      this.#land();
      return this.#read(copy);
    }
    if (block === landing) {
      block = takeBlock();
      landing.copy(block, 0, 0, length);
    }
    lent.set(block.buffer, length);
    // More is likely to come behind a long read.
    this.#block = takeBlock();
    return this.#read(block.subarray(0, length));
  };

  /** Back to where all connections read: one that waits needs no block of its own. */
  #land(): void {
    if (this.#block !== landing) giveBack(this.#block);
    this.#block = landing;
  }
}

/**
 * What to call when a chunk has been written and nobody has it any more, nor what came before it: its block is read
 * into again. Undefined: the chunk is not the last one of a block, or has no part in this. May be asked once.
 */
export function whenWritten(chunk: Buffer): Written | undefined {
  const length = lent.get(chunk.buffer);
  if (length === undefined || chunk.byteOffset + chunk.length !== length) return undefined;
  lent.delete(chunk.buffer);
  return (error) => {
    // After an error the system may still have it.
    if (!error) giveBack(Buffer.from(chunk.buffer as ArrayBuffer));
  };
}

function takeBlock(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
}

function giveBack(block: Buffer): void {
  if (free.length < MAX_FREE) free.push(block);
}
