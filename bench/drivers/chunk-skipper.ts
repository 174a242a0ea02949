const LF = 10;

/** Skips a chunked body. Extensions and trailers are not expected. */
export class ChunkSkipper {
  #line = '';
  /** Bytes of the chunk that are to come, with the line end behind it. */
  #left = 0;
  #last = false;
  #done = false;

  get isDone(): boolean {
    return this.#done;
  }

  reset(): void {
    this.#last = this.#done = false;
  }

  /** Gives where it stopped: at the end of the body, or of the bytes. */
  skip(bytes: Buffer, from: number, length: number): number {
    let at = from;
    while (at < length && !this.#done) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        this.#left -= taken;
        at += taken;
        this.#done = this.#last && this.#left === 0;
      } else at = this.#readSize(bytes, at, length);
    }
    return at;
  }

  #readSize(bytes: Buffer, at: number, length: number): number {
    const end = bytes.indexOf(LF, at);
    if (end === -1 || end >= length) {
      this.#line += bytes.toString('latin1', at, length);
      return length;
    }
    const size = Number.parseInt(this.#line + bytes.toString('latin1', at, end), 16);
    this.#line = '';
    this.#left = size + 2;
    this.#last = size === 0;
    return end + 1;
  }
}
