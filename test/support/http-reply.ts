/** A response as a client reads it from the wire. */
export interface HttpReply {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In the order and letter case of the wire. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What has come of it so far, without its framing. */
  readonly body: Buffer;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Whether all of it is there. */
  readonly complete: boolean;
}

const CRLF = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);

/** The first value of the field called `name`, which may be in any letter case. */
export function field(reply: HttpReply, name: string): string | undefined {
  return reply.fields.find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1];
}

/** The values of all fields called `name`. */
export function fieldValues(reply: HttpReply, name: string): string[] {
  return reply.fields.filter(([own]) => own.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/**
 * Reads the responses in `bytes`, interim ones included. Shares no code with what it tests. `methods`: those of the
 * requests, in their order; `closed`: no more will come. Throws on what is not HTTP/1.
 */
export function readReplies(bytes: Buffer, methods: readonly string[], closed: boolean): HttpReply[] {
  const replies: HttpReply[] = [];
  let at = 0;
  let answered = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd === -1) break;
    const head = readHead(bytes.toString('latin1', at, headEnd));
    const framed = readBody(bytes, headEnd + 4, head, methods[answered] ?? 'GET', closed);
    if (head.status >= 200) answered++;
    replies.push({ ...head, ...framed.part });
    if (!framed.part.complete) break;
    at = framed.end;
  }
  return replies;
}

type Head = Pick<HttpReply, 'version' | 'status' | 'reason' | 'fields'>;
type Part = Pick<HttpReply, 'body' | 'trailers' | 'complete'>;

function readHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/(\d\.\d) (\d{3}) ?(.*)$/s.exec(statusLine);
  if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
  const [, version = '', status = '', reason = ''] = match;
  return { version, status: Number(status), reason, fields: lines.map(readField) };
}

function readField(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new Error(`not a field: ${JSON.stringify(line)}`);
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function readBody(
  bytes: Buffer,
  start: number,
  head: Head,
  method: string,
  closed: boolean,
): { part: Part; end: number } {
  const value = (name: string): string | undefined =>
    head.fields.find(([own]) => own.toLowerCase() === name)?.[1];
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) {
    return { part: { body: NOTHING, trailers: [], complete: true }, end: start };
  }
  if (value('transfer-encoding') !== undefined) return readChunks(bytes, start);
  const length = value('content-length');
  const end = length === undefined ? bytes.length : Math.min(bytes.length, start + Number(length));
  const complete = length === undefined ? closed : end - start === Number(length);
  return { part: { body: bytes.subarray(start, end), trailers: [], complete }, end };
}

/** Undoes the chunked transfer coding. Source: RFC 9112 7.1. */
export function readChunks(bytes: Buffer, start = 0): { part: Part; end: number } {
  const chunks: Buffer[] = [];
  const partial = (): { part: Part; end: number } => ({
    part: { body: Buffer.concat(chunks), trailers: [], complete: false },
    end: bytes.length,
  });
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf(CRLF, at);
    if (lineEnd === -1) return partial();
    const size = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`not a chunk size: ${JSON.stringify(size)}`);
    const length = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (length === 0) break;
    chunks.push(bytes.subarray(at, Math.min(bytes.length, at + length)));
    if (bytes.length < at + length + 2) return partial();
    if (bytes.toString('latin1', at + length, at + length + 2) !== '\r\n')
      throw new Error('chunk without end');
    at += length + 2;
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const lineEnd = bytes.indexOf(CRLF, at);
    if (lineEnd === -1) return partial();
    const line = bytes.toString('latin1', at, lineEnd);
    at = lineEnd + 2;
    if (line === '') return { part: { body: Buffer.concat(chunks), trailers, complete: true }, end: at };
    trailers.push(readField(line));
  }
}
