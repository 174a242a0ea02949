import type { UpstreamRequest } from './upstream.js';

/** A request's head as it is written, without the empty line at its end. */
export interface RequestHead {
  readonly text: string;
  /** Bytes that the head says the body has; undefined: it does not say. */
  readonly length: number | undefined;
}

/**
 * Writes a request's head: RFC 9112 3. How long the body is, is told of one that is there in one piece, and of a stream where the
 * client has told; that there is none, where the client has told that too, or the method lets one expect it: RFC 9110 8.6.
 * @throws TypeError on what cannot stand in a head
 */
export function writeRequestHead({ method, path, headers, body }: UpstreamRequest): RequestHead {
  if (!TOKEN.test(method)) throw new TypeError(`such a method cannot be sent: ${JSON.stringify(method)}`);
  if (!TARGET.test(path)) throw new TypeError(`such a path cannot be sent: ${JSON.stringify(path)}`);
  const known = knownLength(body);
  let length: number | undefined;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    const meaning = FRAMING_LENGTHS.has(name.length) ? FRAMING.get(name.toLowerCase()) : undefined;
    if (meaning === undefined) {
      if (!TOKEN.test(name)) throw new TypeError(`such a field cannot be sent: ${JSON.stringify(name)}`);
      if (!VALUE.test(value)) throw new TypeError(`the field ${name} has characters that cannot be sent`);
      text += `${name}: ${value}\r\n`;
    } else if (meaning === 'length' && length === undefined) {
      length = known ?? readLength(value);
      text += `${name}: ${length}\r\n`;
    }
  }
  text += 'Connection: keep-alive\r\n';
  if (length === undefined && known !== undefined && (body !== null || EXPECT_CONTENT.has(method))) {
    length = known;
    text += `Content-Length: ${length}\r\n`;
  }
  return { text, length };
}

/** Fields by which the proxy itself says where requests end: what stands in them counts for nothing, but for a length. */
const FRAMING = new Map([
  ['connection', 'ours'],
  ['content-length', 'length'],
  ['transfer-encoding', 'ours'],
]);
/** Few others are as long as one of them, and have to be looked at. */
const FRAMING_LENGTHS = new Set([...FRAMING.keys()].map((name) => name.length));

const EXPECT_CONTENT = new Set(['POST', 'PUT', 'PATCH']);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Neither space nor control characters; what is beyond ASCII is a byte each. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Undefined: it is a stream. */
function knownLength(body: UpstreamRequest['body']): number | undefined {
  if (body === null) return 0;
  return body instanceof Uint8Array ? body.byteLength : undefined;
}

function readLength(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new TypeError(`the body cannot be so long: ${JSON.stringify(value)}`);
  return Number(value);
}
