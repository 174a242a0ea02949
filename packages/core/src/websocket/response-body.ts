import type { HeaderList } from '@p-8/protocol';
import { ChunkList } from '../http/chunk-list.js';

/** A response that is read as a whole, up to a number of bytes. */
export class ResponseBody {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** It holds events. */
  readonly isEvents: boolean;
  readonly #max: number;
  readonly #body = new ChunkList();

  constructor(status: number, reason: string, headers: HeaderList, isEvents: boolean, max: number) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.isEvents = isEvents;
    this.#max = max;
  }

  /** False: it is too long, and only its beginning is kept. */
  add(chunk: Buffer): boolean {
    const kept = chunk.subarray(0, this.#max - this.#body.bytes);
    this.#body.add(kept);
    return kept.length === chunk.length;
  }

  bytes(): Buffer {
    return this.#body.concat();
  }
}
