import { answer, hold } from '../answer.js';
import { type Group, REMOTE } from '../scenario.js';
import { get, getSigned, post, publish, responded, send, subscribed } from '../steps.js';
import type { RequestTranscript } from '../transcript.js';

/** `GET /` as the origin sees it, with `fields` besides the usual ones. */
function asked(fields: readonly string[] = []): RequestTranscript {
  return { line: 'GET /', headers: [...fields, 'grip-sig: valid', 'host: example.com'], body: '' };
}

/** What the origin sees of a client's request. */
export const requests: Group = {
  name: 'requests',
  scenarios: [
    {
      name: "a client's fields reach the origin",
      origin: [answer('x')],
      steps: [
        get('/', {
          headers: [
            ['User-Agent', 'test/1.0'],
            ['Cookie', 'a=1; b=2'],
            ['Accept', 'text/html;q=0.5, */*'],
            ['X-Twice', 'one'],
            ['X-Twice', 'two'],
            ['x-lower', 'case'],
            ['Authorization', 'Bearer abc'],
            ['Via', '1.1 cache'],
          ],
        }),
        responded(),
      ],
    },
    {
      name: 'Grip- fields of a client do not reach the origin',
      origin: [answer('x')],
      steps: [
        get('/', {
          headers: [
            ['Grip-Sig', 'forged'],
            ['Grip-Last', 'news; last-id=1'],
            ['gRIP-hOLD', 'stream'],
            ['X-Grip', 'fine'],
          ],
        }),
        responded(),
      ],
    },
    {
      name: 'Grip_ fields of a client do not reach the origin, for which they may be the same',
      origin: [answer('x')],
      steps: [get('/', { headers: [['Grip_Sig', 'forged']] }), responded()],
      expect: {
        difference: 'D-grip-underscore',
        origin: [asked()],
      },
    },
    {
      name: "the origin's signature has the route's issuer and key",
      setup: { route: { sigIss: 'edge', sigKey: 'another secret' } },
      origin: [answer('x')],
      steps: [get('/'), responded()],
    },
    {
      name: 'the key of the signature may be given as base64',
      setup: { route: { sigIss: 'pushpin', sigKey: 'base64:c2VjcmV0' } },
      origin: [answer('x')],
      steps: [get('/'), responded()],
    },
    {
      name: "a route's key signs without an issuer of its own",
      setup: { route: { sigKey: 'another secret' } },
      origin: [answer('x')],
      steps: [get('/'), responded()],
      expect: {
        difference: 'D-route-signature',
        origin: [asked()],
      },
    },
    {
      name: 'the origin is told what the proxy can do',
      origin: [answer('x')],
      compare: { requests: ['grip-feature'] },
      steps: [get('/'), responded()],
      expect: {
        difference: 'D-features',
        origin: [
          asked([
            'grip-feature: status, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, filter:build-id, filter:var-subst, ' +
              'filter:http-check, filter:http-modify',
          ]),
        ],
      },
    },
    {
      name: 'a port in Host stays',
      origin: [answer('x')],
      steps: [get('/', { host: 'example.com:8080' }), responded()],
    },
    {
      name: 'a request without Host is for localhost',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [send('GET /old HTTP/1.0\r\n\r\n', [{ method: 'GET', version: '1.0' }]), responded()],
    },
    {
      name: 'the authority of an absolute target is the host',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('http://absolute.example/path?q'), responded()],
      expect: {
        difference: 'D-absolute-target',
        origin: [{ line: 'GET /path?q', headers: ['grip-sig: valid', 'host: absolute.example'], body: '' }],
      },
    },
    {
      name: 'what Connection names goes no further',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [
        get('/', {
          headers: [
            ['Connection', 'X-Hop, keep-alive'],
            ['X-Hop', 'hop'],
          ],
        }),
        responded(),
      ],
      expect: {
        difference: 'D-connection-options',
        origin: [asked()],
      },
    },
    {
      name: 'Keep-Alive and TE go no further',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      compare: { requests: ['keep-alive'] },
      steps: [
        get('/', {
          headers: [
            ['Connection', 'TE'],
            ['Keep-Alive', '300'],
            ['TE', 'trailers'],
          ],
        }),
        responded(),
      ],
      expect: { difference: 'D-connection-options', origin: [asked()] },
    },
    {
      name: 'what an origin may encode is not up to the client',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      compare: { requests: ['accept-encoding'] },
      steps: [get('/', { headers: [['Accept-Encoding', 'br, gzip']] }), responded()],
      expect: { difference: 'D-content-encoding', origin: [asked()] },
    },
    {
      name: 'the encoding of a request body is kept',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [post('/', 'squeezed', { headers: [['Content-Encoding', 'x-test']] }), responded()],
      expect: {
        difference: 'D-content-encoding',
        origin: [
          {
            line: 'POST /',
            headers: ['content-encoding: x-test', 'grip-sig: valid', 'host: example.com'],
            body: 'squeezed',
          },
        ],
      },
    },
    {
      name: 'Expect goes no further',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      compare: { requests: ['expect'] },
      steps: [post('/', 'body', { headers: [['Expect', '100-continue']] }), responded()],
    },
    {
      name: 'X-Forwarded-For passes by default, as one field',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [
        get('/', {
          headers: [
            ['X-Forwarded-For', '1.1.1.1, 2.2.2.2'],
            ['X-Other', 'x'],
            ['X-Forwarded-For', '3.3.3.3'],
          ],
        }),
        responded(),
      ],
    },
    {
      name: "X-Forwarded-For can get the client's address",
      setup: { proxy: { xForwardedFor: { append: true } } },
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['X-Forwarded-For', '1.1.1.1']] }), responded()],
    },
    {
      name: 'X-Forwarded-For can be cut',
      setup: { proxy: { xForwardedFor: { truncate: 1, append: true } } },
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['X-Forwarded-For', '1.1.1.1, 2.2.2.2']] }), responded()],
    },
    {
      name: 'X-Forwarded-For can be dropped',
      setup: { proxy: { xForwardedFor: { truncate: 0 } } },
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['X-Forwarded-For', '1.1.1.1, 2.2.2.2']] }), responded()],
    },
    {
      name: 'X-Forwarded-Proto of a client is dropped',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [
        get('/', {
          headers: [
            ['X-Forwarded-Proto', 'https'],
            ['X-Forwarded-Protocol', 'https'],
          ],
        }),
        responded(),
      ],
    },
    {
      name: 'X-Forwarded-Proto can be trusted',
      setup: { proxy: { acceptXForwardedProtocol: true } },
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['X-Forwarded-Proto', 'https']] }), responded()],
    },
    {
      name: 'X-Forwarded-Protocol can be trusted and sent',
      setup: { proxy: { acceptXForwardedProtocol: true, setXForwardedProtocol: true } },
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['X-Forwarded-Protocol', 'https']] }), responded()],
    },
    {
      name: 'a client cannot send WebSocket events to an origin that takes them',
      setup: { target: { overHttp: true } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [
        post('/ws', 'OPEN\r\n', { headers: [['Content-Type', 'application/websocket-events']] }),
        responded(),
      ],
    },
    {
      name: 'the mark of original fields is dropped',
      origin: [answer('x')],
      mounts: REMOTE.rewriting,
      steps: [get('/', { headers: [['eb9bf0f5-Host', 'forged.example']] }), responded()],
    },
    {
      name: 'a proxy in front with the upstream key holds clients itself',
      setup: { proxy: { upstreamKey: 'changeme' } },
      origin: [hold('response', 'trusted', { body: 'instruct' })],
      mounts: REMOTE.rewriting,
      steps: [getSigned('/poll', 'changeme'), responded()],
    },
    {
      name: 'a signature with another key makes nobody a proxy',
      setup: { proxy: { upstreamKey: 'changeme' } },
      origin: [hold('response', 'untrusted', { body: 'instruct' })],
      mounts: REMOTE.rewriting,
      steps: [
        getSigned('/poll', 'another'),
        subscribed('untrusted'),
        publish('untrusted', { 'http-response': 'answer' }),
        responded(),
      ],
    },
  ],
};
