import type { HeaderList } from '@p-8/protocol';
import { ResponseError, ResponseHead, readTrailers } from './response-head.js';

/** Who is told what a {@link ResponseReader} reads. */
export interface ResponseSink {
  onInterim(status: number, headers: string[]): void;
  onHead(status: number, reason: string, headers: string[]): void;
  /** A part of the body, never an empty one. */
  onData(chunk: Buffer): void;
}

/** The most bytes of a head, or of a trailer section, with all interim responses before it. */
export const MAX_HEAD_BYTES: number = 128 * 1024;

/** The most bytes of a line that says how long a chunk is, with what else may stand in it. */
const MAX_CHUNK_LINE = 4096;

const LF = 10;
const CR = 13;

/** What comes next. */
const PART = {
  statusLine: 0,
  fields: 1,
  /** So many bytes that are left. */
  content: 2,
  toTheEnd: 3,
  chunkSize: 4,
  chunk: 5,
  chunkEnd: 6,
  trailers: 7,
  over: 8,
} as const;
type Part = (typeof PART)[keyof typeof PART];

/**
 * Reads responses of HTTP/1.1 from the bytes of a connection: RFC 9112. Takes what can be read in one way only, such as
 * lines that end with LF, and throws on what could be read in two.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #part: Part = PART.over;
  #isHead = false;
  #head: ResponseHead | undefined;
  #left = 0;
  /** The beginning of a line whose end has not come. */
  #begun = '';
  /** Bytes that the head or the trailers may still have. */
  #room = MAX_HEAD_BYTES;
  #at = 0;
  #trailers: string[] = [];

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** A request has been sent: its response comes next. */
  begin(method: string): void {
    this.#part = PART.statusLine;
    this.#isHead = method === 'HEAD';
    this.#head = undefined;
    this.#begun = '';
    this.#room = MAX_HEAD_BYTES;
    if (this.#trailers.length > 0) this.#trailers = [];
  }

  /** Nothing more is told of this response. */
  stop(): void {
    this.#part = PART.over;
  }

  /** The response is complete, or has been stopped. */
  get isOver(): boolean {
    return this.#part === PART.over;
  }

  /** The final head has been read. */
  get hasHead(): boolean {
    return this.#head !== undefined && this.#part > PART.fields;
  }

  /** Whether another request may follow on the connection, once the response is over. */
  get staysOpen(): boolean {
    return this.#head?.staysOpen === true;
  }

  /** Seconds that the origin keeps the connection for the next request; undefined: it does not say. */
  get idleSeconds(): number | undefined {
    return this.#head?.idleSeconds;
  }

  get trailers(): HeaderList {
    return this.#trailers.length === 0 ? this.#trailers : readTrailers(this.#trailers);
  }

  /**
   * Reads on. @returns where the response ends in `chunk`; its length, where the response goes on
   * @throws ResponseError on what is no response
   */
  read(chunk: Buffer): number {
    this.#at = 0;
    while (this.#at < chunk.length && this.#part !== PART.over) this.#step(chunk);
    return this.#at;
  }

  /** The connection has ended. @returns whether the response ends with it */
  end(): boolean {
    if (this.#part !== PART.toTheEnd) return false;
    this.#part = PART.over;
    return true;
  }

  #step(chunk: Buffer): void {
    switch (this.#part) {
      case PART.statusLine:
      case PART.fields:
        this.#readHead(chunk);
        break;
      case PART.content:
        if (this.#pass(chunk)) this.#part = PART.over;
        break;
      case PART.toTheEnd:
        this.#left = chunk.length;
        this.#pass(chunk);
        break;
      case PART.chunkSize:
        this.#readChunkSize(chunk);
        break;
      case PART.chunk:
        if (this.#pass(chunk)) this.#part = PART.chunkEnd;
        break;
      case PART.chunkEnd:
        this.#readChunkEnd(chunk);
        break;
      case PART.trailers:
        this.#readTrailers(chunk);
        break;
    }
  }

  /** The lines of a head that are there. */
  #readHead(chunk: Buffer): void {
    const end = endOfHead(chunk, this.#at);
    this.#room -= end - this.#at;
    if (this.#room < 0) throw new ResponseError('the head is too large');
    const lf = chunk.indexOf(LF, this.#at);
    if (lf === -1 || lf >= end) {
      // Not searched again, however small the pieces are that it comes in.
      this.#begun += chunk.toString('latin1', this.#at, end);
      this.#at = end;
      if (this.#head === undefined && !mayBeginResponse(this.#begun))
        throw new ResponseError('the response begins with no status line');
      return;
    }
    const text = this.#begun + chunk.toString('latin1', this.#at, end);
    this.#at = end;
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      const line = text.slice(from, text.charCodeAt(to - 1) === CR && to > from ? to - 1 : to);
      from = to + 1;
      if (line !== '') {
        if (this.#head === undefined) this.#head = new ResponseHead(line);
        else this.#head.add(line);
      } else if (this.#head !== undefined) {
        this.#begun = '';
        // What is left of the text begins what follows: there is none, as the text ends where the head does.
        this.#at -= text.length - from;
        this.#room += text.length - from;
        this.#finishHead(this.#head);
        return;
      }
      // An empty line before the first one is passed over: RFC 9112 2.2.
    }
    this.#begun = text.slice(from);
    this.#part = this.#head === undefined ? PART.statusLine : PART.fields;
  }

  #finishHead(head: ResponseHead): void {
    const { status, headers } = head;
    if (status === 101) throw new ResponseError('the origin switches protocols unasked');
    if (status < 200) {
      this.#head = undefined;
      this.#part = PART.statusLine;
      this.#sink.onInterim(status, headers);
      return;
    }
    this.#frame(head, !this.#isHead && status !== 204 && status !== 304);
    this.#sink.onHead(status, head.reason, headers);
  }

  #frame({ framing }: ResponseHead, hasBody: boolean): void {
    if (!hasBody || framing === 0) this.#part = PART.over;
    else if (framing === 'chunked') this.#part = PART.chunkSize;
    else if (framing === 'close') this.#part = PART.toTheEnd;
    else {
      this.#left = framing;
      this.#part = PART.content;
    }
  }

  /** Passes on what is there of the bytes that are left. @returns whether none is left */
  #pass(chunk: Buffer): boolean {
    const from = this.#at;
    const to = Math.min(chunk.length, from + this.#left);
    this.#left -= to - from;
    this.#at = to;
    const part = this.#part;
    this.#sink.onData(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    return this.#left === 0 && this.#part === part;
  }

  #readChunkSize(chunk: Buffer): void {
    const line = this.#line(chunk, MAX_CHUNK_LINE);
    if (line === undefined) return;
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) throw new ResponseError('a chunk has no size');
    this.#left = Number.parseInt(size, 16);
    this.#room = MAX_HEAD_BYTES;
    this.#part = this.#left === 0 ? PART.trailers : PART.chunk;
  }

  #readChunkEnd(chunk: Buffer): void {
    const byte = chunk[this.#at++];
    if (byte === LF) {
      this.#begun = '';
      this.#part = PART.chunkSize;
    } else if (byte === CR && this.#begun === '') this.#begun = '\r';
    else throw new ResponseError('a chunk is longer than it says');
  }

  #readTrailers(chunk: Buffer): void {
    const line = this.#line(chunk, this.#room);
    if (line === undefined) return;
    this.#room -= line.length + 1;
    if (line === '') this.#part = PART.over;
    else this.#trailers.push(line);
  }

  /** The next line without its end; undefined: that has not come. */
  #line(chunk: Buffer, max: number): string | undefined {
    const lf = chunk.indexOf(LF, this.#at);
    const end = lf === -1 ? chunk.length : lf;
    if (this.#begun.length + end - this.#at > max) throw new ResponseError('a line of the body is too long');
    const text = this.#begun + chunk.toString('latin1', this.#at, end);
    this.#at = lf === -1 ? end : end + 1;
    if (lf === -1) {
      this.#begun = text;
      return undefined;
    }
    this.#begun = '';
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}

/** Behind the size: space, which some origins fill it up with, and what extends it. */
const CHUNK_SIZE = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/is;

/** Whether the beginning of a line may be that of a status line: others have no end that would be worth waiting for. */
function mayBeginResponse(begun: string): boolean {
  const name = 'HTTP/1.';
  return begun.startsWith(name.slice(0, begun.length));
}

/** Where to stop reading lines of a head: right behind the first empty line, or where the chunk ends. */
function endOfHead(chunk: Buffer, from: number): number {
  const crlf = chunk.indexOf('\n\r\n', from, 'latin1');
  const before = crlf === -1 ? chunk.length : crlf + 1;
  const lf = chunk.subarray(from, before).indexOf('\n\n', 0, 'latin1');
  if (lf !== -1) return from + lf + 2;
  return crlf === -1 ? chunk.length : crlf + 3;
}
