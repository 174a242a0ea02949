import { CHUNK_COST } from '../heap-cost.js';

/** A part of a body, in the two shapes in which it can go out; shared by all clients that get it. */
export interface StreamChunk {
  /** Bytes of content. */
  readonly size: number;
  /** Bytes that it takes while it waits. */
  readonly cost: number;
  /** The content itself. */
  readonly content: Uint8Array;
  /** The content as HTTP/1.1 chunks, made once. */
  readonly framed: Uint8Array;
}

/** Bytes of one write, unless a chunk alone has more: what a client does not take is to wait here, where it can be dropped. */
export const MAX_WRITE = 65_536;

const CRLF = Buffer.from('\r\n');

/** One chunk of the chunked transfer coding: RFC 9112 7.1. Empty content gives nothing: an empty chunk ends a body. */
export function frameChunk(content: Uint8Array): Buffer {
  if (content.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`, 'latin1'), content, CRLF]);
}

/** Content that only one client gets. */
export class OwnChunk implements StreamChunk {
  readonly content: Uint8Array;

  constructor(content: Uint8Array) {
    this.content = content;
  }

  get size(): number {
    return this.content.length;
  }

  get cost(): number {
    return CHUNK_COST + this.content.length;
  }

  get framed(): Uint8Array {
    return frameChunk(this.content);
  }
}

/** Content that many clients get. */
export class SharedChunk implements StreamChunk {
  readonly content: Uint8Array;
  #framed: Uint8Array | undefined;

  constructor(content: Uint8Array) {
    this.content = content;
  }

  get size(): number {
    return this.content.length;
  }

  get cost(): number {
    return CHUNK_COST + this.content.length;
  }

  get framed(): Uint8Array {
    this.#framed ??= frameChunk(this.content);
    return this.#framed;
  }
}

/** Several chunks that go out together; also that is done once for all who get the same ones. */
export class JoinedChunk implements StreamChunk {
  readonly size: number;
  readonly #parts: readonly StreamChunk[];
  #content: Uint8Array | undefined;
  #framed: Uint8Array | undefined;

  constructor(parts: readonly StreamChunk[]) {
    this.#parts = parts;
    this.size = parts.reduce((sum, { size }) => sum + size, 0);
  }

  get cost(): number {
    return this.#parts.reduce((sum, { cost }) => sum + cost, 0);
  }

  get content(): Uint8Array {
    this.#content ??= Buffer.concat(this.#parts.map(({ content }) => content));
    return this.#content;
  }

  get framed(): Uint8Array {
    this.#framed ??= Buffer.concat(this.#parts.map(({ framed }) => framed));
    return this.#framed;
  }
}

/** Chunks as one. */
export function joinChunks(chunks: readonly StreamChunk[]): StreamChunk {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : new JoinedChunk(chunks);
}
