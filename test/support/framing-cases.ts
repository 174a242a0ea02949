/** A request behind another one whose framing is in question. */
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (fields: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}${NEXT}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked', body);

/** A request that is named after what it must not become. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Requests that no two parties need read in the same way, and a request behind them. P-8 refuses them, and reads no further. */
export const AMBIGUOUS: readonly (readonly [name: string, bytes: string])[] = [
  ['CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nX')],
  ['TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 4', '5c\r\nX\r\n0\r\n\r\n')],
  ['a coding in quotes', post('Transfer-Encoding: "chunked"', '0\r\n\r\n')],
  ['a coding with a parameter', post('Transfer-Encoding: chunked;q=1', '0\r\n\r\n')],
  ['a coding after a comma', post('Transfer-Encoding: ,chunked', '0\r\n\r\n')],
  ['a coding on the next line', post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n')],
  ['a coding with a zero byte', post('Transfer-Encoding: chunked\0', '0\r\n\r\n')],
  ['a name with a zero byte', post('Transfer-Encoding\0: chunked', '0\r\n\r\n')],
  ['a name with a tab', post('Transfer-Encoding\t: chunked', '0\r\n\r\n')],
  ['a name that begins with a space', post('X: 1\r\n Transfer-Encoding: chunked', '0\r\n\r\n')],
  ['an empty name', post(': chunked', '')],
  ['a length with a space in it', post('Content-Length: 1 0', '')],
  ['an empty length', post('Content-Length:', '')],
  ['a length beyond all bounds', post(`Content-Length: ${'9'.repeat(30)}`, '')],
  ['a chunk size beyond all bounds', chunked(`${'f'.repeat(17)}\r\nabc\r\n0\r\n\r\n`)],
  ['a chunk size of 2^64 and 3', chunked('10000000000000003\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size in hexadecimal notation', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
  ['an empty chunk size', chunked('\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size that ends in bare LF', chunked('3\nabc\r\n0\r\n\r\n')],
  ['a chunk that is longer than it says', chunked('2\r\nabc\r\n0\r\n\r\n')],
  ['a chunk extension with bare CR', chunked('3;a\rb\r\nabc\r\n0\r\n\r\n')],
  ['a chunk extension with bare LF', chunked('3;a\nabc\r\n0\r\n\r\n')],
  ['a length as a trailer', chunked('0\r\nContent-Length: 99\r\n\r\n')],
  ['a trailer that is folded', chunked('0\r\nX: 1\r\n Y: 2\r\n\r\n')],
];

/** Requests that look odd and have one meaning: POST with a body, and GET /next behind it. */
export const ODD: readonly (readonly [name: string, bytes: string, body: string])[] = [
  ['a coding in capitals', post('Transfer-Encoding: CHUNKED', '3\r\nabc\r\n0\r\n\r\n'), 'abc'],
  ['a chunk extension', chunked('3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n'), 'abc'],
  ['a chunk size with zeros before it', chunked('00003\r\nabc\r\n0000\r\n\r\n'), 'abc'],
  ['a length with zeros before it', post('Content-Length: 003', 'abc'), 'abc'],
  ['a field that only looks like a length', post('Content_Length: 99\r\nContent-Length: 3', 'abc'), 'abc'],
  [
    'a field that only looks like a coding',
    post('Transfer_Encoding: chunked\r\nContent-Length: 3', 'abc'),
    'abc',
  ],
  ['a trailer', chunked('3\r\nabc\r\n0\r\nX: 99\r\n\r\n'), 'abc'],
];

/** Requests that are wrong, with another one in or behind them. P-8 refuses them, and reads no further. */
export const SMUGGLING: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ['two Host fields', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${SMUGGLED}`, 400],
  ['no Host', `GET / HTTP/1.1\r\nX: 1\r\n\r\n${SMUGGLED}`, 400],
  ['an empty Host', `GET / HTTP/1.1\r\nHost:\r\n\r\n${SMUGGLED}`, 400],
  ['a Host with a path', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n${SMUGGLED}`, 400],
  [
    'two Content-Lengths',
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ['a list of Content-Lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n${SMUGGLED}`, 400],
  ['Content-Length: +3', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc${SMUGGLED}`, 400],
  ['Content-Length: 0x3', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc${SMUGGLED}`, 400],
  ['Content-Length: -1', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n${SMUGGLED}`, 400],
  [
    'both framings',
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'both framings, the other way round',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'two codings',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'a coding after chunked',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'Transfer-Encoding: identity',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'Transfer-Encoding: xchunked',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'two Transfer-Encoding fields',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'Transfer-Encoding after a vertical tab',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'a space before the colon',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'a folded line',
    `GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n Transfer-Encoding: chunked\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ['bare LF', `GET / HTTP/1.1\nHost: a\n\n${SMUGGLED}`, 400],
  ['bare LF within the head', `GET / HTTP/1.1\r\nHost: a\r\nX: 1\nY: 2\r\n\r\n${SMUGGLED}`, 400],
  ['bare CR', `GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n${SMUGGLED}`, 400],
  ['a zero byte', `GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n${SMUGGLED}`, 400],
  [
    'a chunk size with a sign',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'a chunk that ends in bare LF',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'an absolute target with user information',
    `GET http://evil@a/ HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ['a target of another scheme', `GET gopher://a/ HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`, 400],
];
