/** With fewer chunks than these, each is kept as it came. */
const FEW = 16;

/** Bytes of a block that small chunks are copied into; larger chunks are kept as they come. */
const BLOCK = 4096;

/**
 * A body that is gathered. Clients choose how many bytes come in a chunk: ten thousand of a byte each would take a megabyte as
 * objects of their own, and so small ones are put together.
 */
export class ChunkList {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the last chunk, a block, that are used; 0: it is no block. */
  #used = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** In how many pieces it is kept. */
  get pieces(): number {
    return this.#chunks.length;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#chunks.length < FEW || chunk.length >= BLOCK) this.#push(chunk, 0);
    else this.#copy(chunk);
  }

  /** All of it in one piece, which may be the only chunk itself. */
  concat(): Buffer {
    this.#trim();
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    return Buffer.concat(this.#chunks, this.#bytes);
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = this.#used = 0;
  }

  #copy(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#used > 0 && this.#used + chunk.length <= BLOCK) {
      this.#used += chunk.copy(last, this.#used);
      return;
    }
    const block = Buffer.allocUnsafeSlow(BLOCK);
    this.#push(block, chunk.copy(block));
  }

  #push(chunk: Buffer, used: number): void {
    this.#trim();
    this.#chunks.push(chunk);
    this.#used = used;
  }

  /** What is left of the last block is not part of the body. */
  #trim(): void {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#used > 0)
      this.#chunks[this.#chunks.length - 1] = last.subarray(0, this.#used);
    this.#used = 0;
  }
}
