import type { HeaderList } from '@p-8/protocol';

/** A response that is read as a whole, up to a number of bytes. */
export class ResponseBody {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** It holds events. */
  readonly isEvents: boolean;
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(status: number, reason: string, headers: HeaderList, isEvents: boolean, max: number) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.isEvents = isEvents;
    this.#max = max;
  }

  /** False: it is too long, and only its beginning is kept. */
  add(chunk: Buffer): boolean {
    const kept = chunk.subarray(0, this.#max - this.#length);
    this.#chunks.push(kept);
    this.#length += kept.length;
    return kept.length === chunk.length;
  }

  bytes(): Buffer {
    return this.#chunks.length === 1 && this.#chunks[0] !== undefined
      ? this.#chunks[0]
      : Buffer.concat(this.#chunks);
  }
}
