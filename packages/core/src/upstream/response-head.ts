import type { HeaderList } from '@p-8/protocol';

/** What an origin has sent is no response of HTTP/1.1, or one that could be read in two ways. */
export class ResponseError extends Error {}

/** How the body of a response ends: after so many bytes, by its chunks, or with the connection. */
export type Framing = number | 'chunked' | 'close';

/** A response's head, and what it says of the connection. */
export class ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** In the order and the letter case of the origin. */
  readonly headers: string[] = [];
  readonly #isOld: boolean;
  #connection = '';
  #transferEncoding: string | undefined;
  #length: number | undefined;
  /** Seconds that the origin keeps the connection while nobody uses it; undefined: it does not say. */
  idleSeconds: number | undefined;

  /** @throws ResponseError */
  constructor(line: string) {
    const match = STATUS_LINE.exec(line);
    if (match === null) throw new ResponseError('the response begins with no status line');
    this.#isOld = match[1] === '0';
    this.status = Number(match[2]);
    const reason = match[3] ?? '';
    // A phrase says nothing that the status does not say.
    this.reason = CONTROL.test(reason) ? '' : reason;
  }

  /** Takes a line of the head; one that begins with space goes on with the field before: RFC 9112 5.2. @throws ResponseError */
  add(line: string): void {
    const first = line.charCodeAt(0);
    if (first === SPACE || first === TAB) {
      this.#goOn(line);
      return;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) throw new ResponseError('a line of the head is no field');
    // A proxy removes space before the colon: RFC 9112 5.1.
    const name = isSpace(line.charCodeAt(colon - 1)) ? line.slice(0, colon).trimEnd() : line.slice(0, colon);
    const value = valueFrom(line, colon + 1);
    if (!TOKEN.test(name)) {
      if (name === '' || BLANK.test(name)) throw new ResponseError('a field of the head has no name');
      // No client could be given it.
      return;
    }
    switch (name.length) {
      case 10:
        this.#noteConnection(name.toLowerCase(), value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length' && !this.#noteLength(value)) return;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          const before = this.#transferEncoding;
          this.#transferEncoding = before === undefined ? value : `${before},${value}`;
        }
        break;
    }
    this.headers.push(name, value);
  }

  /** Whether the connection may carry another request behind this response: RFC 9112 9.3. */
  get staysOpen(): boolean {
    if (this.#connection === '') return !this.#isOld;
    const options = this.#connection.toLowerCase().split(',');
    const has = (wanted: string): boolean => options.some((option) => option.trim() === wanted);
    return this.#isOld ? has('keep-alive') && !has('close') : !has('close');
  }

  /** How the body ends, where there is one: RFC 9112 6.3. @throws ResponseError */
  get framing(): Framing {
    const codings = this.#transferEncoding
      ?.split(',')
      .map((coding) => coding.trim().toLowerCase())
      .filter((coding) => coding !== '' && coding !== 'identity');
    if (codings === undefined || codings.length === 0) return this.#length ?? 'close';
    if (codings.length > 1 || codings[0] !== 'chunked')
      throw new ResponseError(`the transfer coding is not chunked: ${codings.join(', ')}`);
    // Who believes the one reads another body than who believes the other: RFC 9112 11.2.
    if (this.#length !== undefined) throw new ResponseError('the body has a length, and is chunked');
    return 'chunked';
  }

  #noteConnection(lower: string, value: string): void {
    if (lower === 'connection') this.#connection += this.#connection === '' ? value : `,${value}`;
    else if (lower === 'keep-alive') {
      const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(value)?.[1];
      if (seconds !== undefined) this.idleSeconds = Number(seconds);
    }
  }

  /** @returns false: it says what has been said before */
  #noteLength(value: string): boolean {
    const lengths = value.split(',').map((part) => part.trim());
    const [length = ''] = lengths;
    const isOne = /^\d{1,15}$/.test(length) && lengths.every((other) => other === length);
    if (!isOne) throw new ResponseError('the length of the body is none');
    const before = this.#length;
    this.#length = Number(length);
    if (before !== undefined && before !== this.#length) throw new ResponseError('the body has two lengths');
    if (before !== undefined) return false;
    if (lengths.length === 1) return true;
    this.headers.push('Content-Length', length);
    return false;
  }

  #goOn(line: string): void {
    const last = this.headers.length - 1;
    const value = valueFrom(line, 0);
    if (last < 0 || /^(?:content-length|transfer-encoding|connection)$/i.test(this.headers[last - 1] ?? ''))
      throw new ResponseError('a line of the head goes on with no field');
    if (value !== '') this.headers[last] = `${this.headers[last]} ${value}`.trim();
  }
}

/** A trailer section's lines as fields. What would not do in a head is left out. */
export function readTrailers(lines: readonly string[]): HeaderList {
  const trailers: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (TOKEN.test(name)) trailers.push(name, valueFrom(line, colon + 1));
  }
  return trailers;
}

const SPACE = 32;
const TAB = 9;
const STATUS_LINE = /^HTTP\/1\.([01]) +([1-9]\d\d)(?: (.*))?$/s;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const BLANK = /[\s\0]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x01-\x08\x0a-\x1f\x7f]/g;

/** @throws ResponseError on what somebody else might take for the end of the value */
function valueFrom(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  const value = line.slice(start, end);
  if (!CONTROL.test(value)) return value;
  if (value.includes('\0')) throw new ResponseError('a field of the head has a zero byte in it');
  return value.replace(CONTROLS, ' ');
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}
