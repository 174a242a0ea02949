import { type Field, fieldValue } from './field.js';

/** What a client must remember of its request to read the answer. */
export interface RequestLine {
  readonly method: string;
  /** `1.0` or `1.1`. */
  readonly version: string;
}

/**
 * How a reply ended: `complete` (as its framing promised), `cut` (the connection went away before), `open` (there may
 * be more), or `broken` (the bytes are not HTTP).
 */
export type Ending = 'complete' | 'cut' | 'open' | 'broken';

/** One response as a client reads it. */
export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Field[];
  readonly body: Buffer;
  readonly end: Ending;
}

interface BodyRead {
  readonly body: Buffer;
  readonly end: Ending;
  /** Where the next reply begins. */
  readonly next: number;
}

/**
 * The responses in `bytes`, which answer `requests`. `ended` says that the server closed the connection in order, `closed`
 * that it is gone in whichever way.
 */
export function readReplies(
  bytes: Buffer,
  ended: boolean,
  closed: boolean,
  requests: readonly RequestLine[],
): Reply[] {
  const replies: Reply[] = [];
  let offset = 0;
  let answered = 0;
  while (offset < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', offset);
    const head = bytes.toString('latin1', offset, headEnd < 0 ? bytes.length : headEnd);
    const [line = '', ...rest] = head.split('\r\n');
    const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(line);
    if (headEnd < 0 || match === null) {
      const end = headEnd < 0 && 'HTTP/1'.startsWith(line.slice(0, 6)) ? (closed ? 'cut' : 'open') : 'broken';
      replies.push({ status: 0, reason: '', headers: [], body: bytes.subarray(offset), end });
      break;
    }
    const status = Number(match[1]);
    const headers = rest.map(fieldOf);
    const request = requests[answered];
    const interim = status < 200 && status !== 101;
    const read = interim
      ? { body: Buffer.alloc(0), end: 'complete' as const, next: headEnd + 4 }
      : readBody(bytes, headEnd + 4, status, headers, request, ended, closed);
    replies.push({ status, reason: match[2] ?? '', headers, body: read.body, end: read.end });
    if (!interim) answered += 1;
    offset = read.next;
  }
  return replies;
}

function fieldOf(line: string): Field {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** RFC 9112, section 6.3: which of the framings applies. */
function readBody(
  bytes: Buffer,
  start: number,
  status: number,
  headers: readonly Field[],
  request: RequestLine | undefined,
  ended: boolean,
  closed: boolean,
): BodyRead {
  const length = fieldValue(headers, 'content-length');
  const coding = fieldValue(headers, 'transfer-encoding');
  const unfinished: Ending = closed ? 'cut' : 'open';
  if (request?.method === 'HEAD' || status === 204 || status === 304) {
    return { body: Buffer.alloc(0), end: 'complete', next: start };
  }
  if (coding !== undefined) {
    // a chunked response to HTTP/1.0, or one with two lengths, is an error whoever can read it
    const allowed = request?.version !== '1.0' && length === undefined;
    const read = readChunks(bytes, start, unfinished);
    return allowed ? read : { ...read, end: 'broken' };
  }
  if (length !== undefined) {
    const next = start + Number(length);
    const body = bytes.subarray(start, next);
    return { body, end: bytes.length >= next ? 'complete' : unfinished, next };
  }
  return { body: bytes.subarray(start), end: ended ? 'complete' : unfinished, next: bytes.length };
}

function readChunks(bytes: Buffer, start: number, unfinished: Ending): BodyRead {
  const chunks: Buffer[] = [];
  const stop = (end: Ending, next: number): BodyRead => ({ body: Buffer.concat(chunks), end, next });
  let offset = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset);
    if (lineEnd < 0) return stop(unfinished, bytes.length);
    const size = /^([0-9a-fA-F]+)(?:;.*)?$/.exec(bytes.toString('latin1', offset, lineEnd));
    if (size === null) return stop('broken', bytes.length);
    const length = Number.parseInt(size[1] ?? '', 16);
    const data = lineEnd + 2;
    if (length === 0) {
      const trailers = bytes.indexOf('\r\n', data);
      if (trailers === data) return stop('complete', data + 2);
      const end = bytes.indexOf('\r\n\r\n', data);
      return end < 0 ? stop(unfinished, bytes.length) : stop('complete', end + 4);
    }
    chunks.push(bytes.subarray(data, Math.min(data + length, bytes.length)));
    if (bytes.length < data + length + 2) return stop(unfinished, bytes.length);
    offset = data + length + 2;
  }
}
