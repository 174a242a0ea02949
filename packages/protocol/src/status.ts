import { toInteger } from './integer.js';
import { fail, ok, type Result } from './result.js';

const PHRASES: ReadonlyMap<number, string> = new Map([
  [100, 'Continue'],
  [101, 'Switching Protocols'],
  [102, 'Processing'],
  [103, 'Early Hints'],
  [200, 'OK'],
  [201, 'Created'],
  [202, 'Accepted'],
  [203, 'Non-Authoritative Information'],
  [204, 'No Content'],
  [205, 'Reset Content'],
  [206, 'Partial Content'],
  [207, 'Multi-Status'],
  [208, 'Already Reported'],
  [226, 'IM Used'],
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [304, 'Not Modified'],
  [305, 'Use Proxy'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [411, 'Length Required'],
  [412, 'Precondition Failed'],
  [413, 'Content Too Large'],
  [414, 'URI Too Long'],
  [415, 'Unsupported Media Type'],
  [416, 'Range Not Satisfiable'],
  [417, 'Expectation Failed'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [423, 'Locked'],
  [424, 'Failed Dependency'],
  [425, 'Too Early'],
  [426, 'Upgrade Required'],
  [428, 'Precondition Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported'],
  [506, 'Variant Also Negotiates'],
  [507, 'Insufficient Storage'],
  [508, 'Loop Detected'],
  [511, 'Network Authentication Required'],
]);

/** A status code and its reason phrase. */
export interface Status {
  readonly code: number;
  readonly reason: string;
}

/**
 * The standard reason phrase of a status code, or `Undefined Reason`. Source: IANA's registry of HTTP status codes; the
 * last phrase is Pushpin's.
 */
export function reasonPhrase(code: number): string {
  return PHRASES.get(code) ?? 'Undefined Reason';
}

/**
 * Whether a response that ends a request may have this code. 1xx codes do not end it, and RFC 9110 15 has none from 600
 * on; Pushpin lets publishers send 0 to 999.
 */
export function isFinalStatus(code: number): boolean {
  return code >= 200 && code <= 599;
}

/** Reads the `code` of a response in JSON; `parent` is how messages call the object that has it. */
export function parseStatusCode(value: unknown, parent: string): Result<number> {
  const code = toInteger(value);
  if (code === undefined) return fail(`${parent} contains 'code' with wrong type`);
  if (isFinalStatus(code)) return ok(code);
  const message = `${parent} contains 'code' with invalid value`;
  // Pushpin's text for what it refuses too, and more for what only we refuse.
  return fail(code < 0 || code > 999 ? message : `${message}: must be from 200 to 599`);
}
