import { gzipSync } from 'node:zlib';
import { answer } from '../answer.js';
import { type Group, REMOTE } from '../scenario.js';
import {
  abandoned,
  asked,
  askedWith,
  begun,
  closed,
  get,
  hangUp,
  onOurs,
  onReference,
  post,
  received,
  release,
  request,
  responded,
  type Step,
  send,
} from '../steps.js';
import type { ClientTranscript } from '../transcript.js';

const SQUEEZED = gzipSync('squeezed');
const LINE_11 = { method: 'GET', version: '1.1' };

/**
 * An upload of which only `half` is sent. The reference asks its origin when 10,000 bytes are there, or all of them.
 */
function sendHalf(half: string): Step[] {
  const length = half.length + ' and the rest'.length;
  const head = `POST /upload HTTP/1.1\r\nHost: example.com\r\nContent-Length: ${length}\r\n\r\n`;
  return [send(head + half, [{ method: 'POST', version: '1.1' }]), askedWith(half)];
}

/** What P-8 makes of a response whose origin went away in the middle. */
function cut(headers: readonly string[]): ClientTranscript {
  return { replies: [{ status: '200 OK', headers, body: 'half', end: 'cut' }], connection: 'closed' };
}

/** Responses that are no instruct. */
export const relay: Group = {
  name: 'relay',
  scenarios: [
    {
      name: 'a plain response is relayed',
      origin: [answer('hello world')],
      steps: [get('/plain'), responded()],
    },
    {
      name: 'a POST and its body are relayed',
      origin: [answer('created', { status: 201 })],
      steps: [post('/things', 'a thing'), responded()],
    },
    {
      name: 'PUT, PATCH, DELETE and OPTIONS are relayed, with and without a body',
      origin: [answer('one'), answer('two'), answer('three'), answer('four')],
      steps: [
        request('PUT', '/thing', {}, 'new'),
        responded(1),
        request('PATCH', '/thing', {}, 'part'),
        responded(2),
        request('DELETE', '/thing'),
        responded(3),
        request('OPTIONS', '/thing'),
        responded(4),
      ],
    },
    {
      name: 'the target goes to the origin letter by letter',
      origin: [answer('')],
      steps: [get('/a%2Fb/../c%20d//e;f=1?x=1&y=a+b&z'), responded()],
    },
    {
      name: 'a reason phrase of the origin reaches the client',
      origin: [answer('no tea', { status: 418, reason: 'Short And Stout' })],
      steps: [get('/tea'), responded()],
    },
    {
      name: 'fields that occur twice reach the client twice',
      origin: [
        answer('x', {
          headers: [
            ['Content-Type', 'text/html; charset=utf-8'],
            ['Set-Cookie', 'a=1; Path=/'],
            ['Set-Cookie', 'b=2'],
            ['X-Mixed', 'Ünïcode'],
            ['ETag', '"abc"'],
            ['Vary', 'Accept'],
          ],
        }),
      ],
      steps: [get('/cookies'), responded()],
    },
    {
      name: 'an empty response is relayed',
      origin: [answer('')],
      steps: [get('/empty'), responded()],
    },
    {
      name: 'an error of the origin is relayed, not replaced',
      origin: [answer('broken', { status: 503, headers: [['Retry-After', '5']] })],
      steps: [get('/broken'), responded()],
    },
    {
      name: 'a 204 is relayed and the connection goes on',
      origin: [answer('', { status: 204, headers: [['X-A', 'b']] }), answer('next')],
      steps: [get('/none'), responded(1), get('/next'), responded(2)],
    },
    {
      name: 'a 304 is relayed and the connection goes on',
      origin: [answer('', { status: 304, headers: [['ETag', '"1"']] }), answer('next')],
      steps: [
        get('/same', { headers: [['If-None-Match', '"1"']] }),
        responded(1),
        get('/next'),
        responded(2),
      ],
    },
    {
      name: 'the head of a HEAD response is relayed with its length',
      origin: [answer('hello world'), answer('next')],
      compare: { responses: ['content-length'] },
      steps: [request('HEAD', '/plain'), responded(1), get('/next'), responded(2)],
    },
    {
      name: 'a response reaches the client part by part',
      origin: [answer(['one ', { until: 'the first part arrived' }, 'two'])],
      steps: [get('/parts'), received('one '), release('the first part arrived'), responded()],
    },
    {
      name: 'a large response is relayed whole',
      origin: [answer('0123456789'.repeat(30_000))],
      steps: [get('/large'), responded()],
    },
    {
      name: 'a large request body is relayed whole',
      origin: [answer('thanks')],
      steps: [post('/large', '0123456789'.repeat(30_000)), responded()],
    },
    {
      name: 'a request body reaches the origin part by part',
      origin: [answer('thanks')],
      steps: [...sendHalf('x'.repeat(20_000)), send(' and the rest'), responded()],
    },
    {
      name: 'a chunked request body is relayed',
      origin: [answer('thanks')],
      steps: [
        send(
          'POST /upload HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n4\r\n two\r\n0\r\n\r\n',
          [{ method: 'POST', version: '1.1' }],
        ),
        responded(),
      ],
    },
    {
      name: 'a client that expects 100-continue gets it',
      origin: [answer('thanks')],
      steps: [
        send(
          'POST /upload HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
          [{ method: 'POST', version: '1.1' }],
        ),
        begun(),
        send('body'),
        responded(),
      ],
    },
    {
      name: 'an answer that comes before the request body is complete is relayed',
      origin: [answer('too much', { status: 413, early: true })],
      mounts: REMOTE.framing,
      steps: [...sendHalf('x'.repeat(20_000)), received('too much'), hangUp()],
    },
    {
      name: 'two requests on one connection are answered in order',
      origin: [answer('one'), answer('two')],
      steps: [get('/1'), responded(1), get('/2'), responded(2)],
    },
    {
      name: 'pipelined requests are answered in order',
      origin: [answer('one'), answer('two'), answer('three')],
      steps: [
        send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: example.com\r\n\r\n`).join(''), [
          LINE_11,
          LINE_11,
          LINE_11,
        ]),
        responded(3),
      ],
    },
    {
      name: 'Connection: close closes the connection after the response',
      origin: [answer('bye')],
      steps: [get('/', { headers: [['Connection', 'close']] }), responded(), closed()],
    },
    {
      name: 'an HTTP/1.0 client gets a response and the end of the connection',
      origin: [answer('old')],
      steps: [get('/', { version: '1.0' }), responded(), closed()],
    },
    {
      name: 'an HTTP/1.0 client gets a response of unknown length unchunked',
      origin: [answer(['one ', 'two'])],
      steps: [get('/', { version: '1.0' }), responded(), closed()],
    },
    {
      name: 'an HTTP/1.0 client may keep its connection',
      origin: [answer('one'), answer('two')],
      steps: [
        get('/1', { version: '1.0', headers: [['Connection', 'keep-alive']] }),
        responded(1),
        get('/2', { version: '1.0', headers: [['Connection', 'keep-alive']] }),
        responded(2),
      ],
    },
    {
      name: 'a response that ends with the connection is relayed',
      origin: [{ raw: 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end' }],
      mounts: REMOTE.framing,
      steps: [get('/old'), responded()],
    },
    {
      name: 'a response cut within its Content-Length is cut for the client',
      origin: [
        answer(['half', { until: 'half arrived' }], { headers: [['Content-Length', '8']], cut: true }),
      ],
      mounts: REMOTE.framing,
      steps: [get('/cut'), received('half'), release('half arrived'), onOurs(closed())],
      expect: { difference: 'D-cut-responses', clients: { client: cut([]) } },
    },
    {
      name: 'a response cut between chunks is cut for the client',
      origin: [answer(['half', { until: 'half arrived' }], { cut: true })],
      mounts: REMOTE.framing,
      steps: [
        get('/cut'),
        received('half'),
        release('half arrived'),
        onReference(responded()),
        onOurs(closed()),
      ],
      expect: { difference: 'D-cut-responses', clients: { client: cut(['content-type: text/plain']) } },
    },
    {
      name: 'an origin that closes without an answer is a 502',
      origin: [answer([], { raw: '' })],
      mounts: REMOTE.framing,
      steps: [get('/nothing'), responded()],
    },
    {
      name: 'an origin that does not speak HTTP is a 502',
      origin: [answer([], { raw: 'SSH-2.0-OpenSSH_9.2\r\n' })],
      mounts: REMOTE.framing,
      steps: [get('/ssh'), responded()],
    },
    {
      name: 'an origin that is down is a 502',
      origin: [],
      setup: { originDown: true },
      mounts: REMOTE.framing,
      steps: [get('/down'), responded()],
    },
    {
      name: 'an origin that is down is a 502 that says why where errors are shown',
      origin: [],
      setup: { originDown: true, route: { debug: true } },
      mounts: REMOTE.framing,
      steps: [get('/down'), responded()],
    },
    {
      name: 'a gzipped response reaches the client',
      origin: [
        answer(SQUEEZED, {
          headers: [
            ['Content-Type', 'text/plain'],
            ['Content-Encoding', 'gzip'],
          ],
        }),
      ],
      mounts: REMOTE.rewriting,
      steps: [get('/gzip', { headers: [['Accept-Encoding', 'gzip']] }), responded()],
      expect: {
        difference: 'D-content-encoding',
        clients: {
          client: {
            replies: [
              {
                status: '200 OK',
                headers: ['content-encoding: gzip', 'content-type: text/plain'],
                body: `hex ${SQUEEZED.toString('hex')}`,
                end: 'complete',
              },
            ],
          },
        },
      },
    },
    {
      name: 'when the client goes away, so does the request to the origin',
      origin: [answer(['first', { until: 'never' }])],
      steps: [get('/long'), received('first'), hangUp(), abandoned()],
    },
    {
      name: 'when the client goes away within its body, so does the request to the origin',
      origin: [answer('late')],
      steps: [...sendHalf('x'.repeat(20_000)), hangUp(), asked(1)],
    },
    {
      name: 'hop-by-hop fields of a response end here',
      origin: [
        answer('x', {
          headers: [
            ['Connection', 'X-Hop'],
            ['X-Hop', 'hop'],
            ['Keep-Alive', 'timeout=99'],
            ['X-End', 'end'],
          ],
        }),
      ],
      mounts: REMOTE.rewriting,
      steps: [get('/hops'), responded()],
      expect: {
        difference: 'D-connection-options',
        clients: {
          client: { replies: [{ status: '200 OK', headers: ['x-end: end'], body: 'x', end: 'complete' }] },
        },
      },
    },
  ],
};
