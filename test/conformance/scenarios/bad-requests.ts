import { answer } from '../answer.js';
import { type Expectation, type Group, REMOTE, type Scenario } from '../scenario.js';
import { closed, onOurs, onReference, reached, responded, send } from '../steps.js';
import type { ClientTranscript } from '../transcript.js';

/** How a request is refused. */
interface Refusal {
  /** @default 'POST' */
  readonly method?: string;
  /** What P-8 itself says; nothing where Node's parser refuses before. */
  readonly message?: string;
  /** What the standalone server says, which answers for its parser itself. */
  readonly standalone?: ClientTranscript;
}

function refusal({ message, standalone }: Refusal): Expectation {
  const own = standalone ?? refused(message ?? 'Failed to parse request.\n');
  return {
    difference: 'D-strict-http',
    clients: { client: refused(message) },
    origin: [],
    of: { standalone: { clients: { client: own } } },
  };
}

function refused(message: string | undefined): ClientTranscript {
  const headers = message === undefined ? [] : ['content-type: text/plain'];
  const reply = { status: '400 Bad Request', headers, body: message ?? '', end: 'complete' };
  return { replies: [reply], connection: 'closed' };
}

/** What the reference does: some requests it neither answers nor refuses, be it that the origin gets them or not. */
const OUTCOMES = { answers: [responded()], closes: [closed()], asks: [reached(1)], hangs: [] } as const;

/** A request that P-8 refuses, as it does not mean the same to everyone. */
function bad(name: string, bytes: string, reference: keyof typeof OUTCOMES, options: Refusal = {}): Scenario {
  return {
    name,
    origin: [answer('x')],
    mounts: REMOTE.parser,
    steps: [
      send(bytes, [{ method: options.method ?? 'POST', version: '1.1' }]),
      ...OUTCOMES[reference].map((step) => onReference(step)),
      onOurs(closed()),
    ],
    expect: refusal(options),
  };
}

const HEAD = 'POST / HTTP/1.1\r\nHost: example.com\r\n';

/** Requests that must not reach an origin. */
export const badRequests: Group = {
  name: 'bad-requests',
  scenarios: [
    bad('bytes that are not HTTP', 'hello\r\n\r\n', 'closes'),
    bad('a version that does not exist', 'GET / HTTP/7.3\r\nHost: example.com\r\n\r\n', 'closes', {
      method: 'GET',
    }),
    bad('two Content-Lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'answers'),
    bad('a Content-Length with a sign', `${HEAD}Content-Length: +1\r\n\r\na`, 'answers'),
    bad('a Content-Length that is no number', `${HEAD}Content-Length: one\r\n\r\n`, 'closes'),
    bad(
      'Content-Length and Transfer-Encoding',
      `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'asks',
    ),
    bad(
      'a Transfer-Encoding besides chunked',
      `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      'hangs',
      { message: 'Transfer-Encoding must be chunked.\n' },
    ),
    bad('a chunk without a size', `${HEAD}Transfer-Encoding: chunked\r\n\r\nnone\r\n\r\n`, 'closes', {
      standalone: { replies: [], connection: 'closed' },
    }),
    bad('a space before the colon', 'GET / HTTP/1.1\r\nHost : example.com\r\n\r\n', 'hangs', {
      method: 'GET',
    }),
    bad('two Hosts', 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n', 'answers', {
      method: 'GET',
      message: 'More than one Host header.\n',
    }),
    bad('no Host in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n', 'answers', {
      method: 'GET',
      standalone: refused(undefined),
    }),
    bad('lines without a CR', 'GET / HTTP/1.1\nHost: example.com\n\n', 'answers', { method: 'GET' }),
    bad('a folded field', 'GET / HTTP/1.1\r\nHost: example.com\r\nX-A: a\r\n b\r\n\r\n', 'hangs', {
      method: 'GET',
    }),
    bad(
      'a Transfer-Encoding in HTTP/1.0',
      'POST / HTTP/1.0\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'answers',
      { message: 'Transfer-Encoding is not part of HTTP/1.0.\n' },
    ),
  ],
};
