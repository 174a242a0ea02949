import { ChunkSkipper } from './chunk-skipper.js';

const CR = 13;
const LF = 10;

/** What of a response's head matters here. */
interface Head {
  readonly status: number;
  /** Bytes of the body; undefined: it comes in chunks. */
  readonly length: number | undefined;
  /** The connection ends with it. */
  readonly isLast: boolean;
}

/**
 * Reads HTTP responses and keeps nothing but their statuses. All 200 of a connection are taken to be as long as the first
 * one, if their heads end where its head ended: that spares parsing, and holds for all that is measured here.
 */
export class ResponseReader {
  readonly #onResponse: (status: number, isLast: boolean) => void;
  #headText = '';
  #head: Head | undefined;
  /** Bytes of the body that are to come. */
  #left = 0;
  readonly #chunks = new ChunkSkipper();
  /** Of the first 200: bytes of its head and of its body. */
  #knownHead = 0;
  #knownBody = 0;

  constructor(onResponse: (status: number, isLast: boolean) => void) {
    this.#onResponse = onResponse;
  }

  read(bytes: Buffer, length: number): void {
    let at = 0;
    while (at < length) {
      if (this.#head !== undefined) at = this.#skipBody(this.#head, bytes, at, length);
      else if (this.#isKnown(bytes, at, length))
        at = this.#startBody(OK, this.#knownBody, at + this.#knownHead);
      else at = this.#readHead(bytes, at, length);
    }
  }

  #isKnown(bytes: Buffer, at: number, length: number): boolean {
    const end = at + this.#knownHead;
    return (
      this.#knownHead > 0 &&
      this.#headText === '' &&
      end <= length &&
      bytes[end - 1] === LF &&
      bytes[end - 2] === CR &&
      bytes[end - 3] === LF &&
      bytes[at + 9] === 0x32 &&
      bytes[at + 11] === 0x30
    );
  }

  #readHead(bytes: Buffer, at: number, length: number): number {
    const before = this.#headText.length;
    const text = this.#headText + bytes.toString('latin1', at, length);
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end === -1) {
      this.#headText = text;
      return length;
    }
    this.#headText = '';
    const head = parseHead(text.slice(0, end));
    if (head.status === 200 && head.length !== undefined && !head.isLast) {
      this.#knownHead = end + 4;
      this.#knownBody = head.length;
    }
    return this.#startBody(head, head.length ?? 0, at + end + 4 - before);
  }

  #startBody(head: Head, length: number, at: number): number {
    this.#head = head;
    this.#left = length;
    if (head.length !== undefined && length === 0) this.#finish(head);
    return at;
  }

  #skipBody(head: Head, bytes: Buffer, at: number, length: number): number {
    if (head.length === undefined) {
      const next = this.#chunks.skip(bytes, at, length);
      if (this.#chunks.isDone) {
        this.#chunks.reset();
        this.#finish(head);
      }
      return next;
    }
    const taken = Math.min(this.#left, length - at);
    this.#left -= taken;
    if (this.#left === 0) this.#finish(head);
    return at + taken;
  }

  #finish({ status, isLast }: Head): void {
    this.#head = undefined;
    this.#onResponse(status, isLast);
  }
}

/** What is known of a response that is as long as the first one. */
const OK: Head = { status: 200, length: 0, isLast: false };

/** Of a head without the empty line. */
function parseHead(text: string): Head {
  const status = Number(text.slice(9, 12));
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(text) ?? [];
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(text);
  const isLast = /\r\nconnection: *close/i.test(text);
  return { status, isLast, length: isChunked ? undefined : Number(length ?? 0) };
}
