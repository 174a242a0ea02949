import { answer } from '../answer.js';
import type { Expectation, Group, Scenario } from '../scenario.js';
import {
  asked,
  get,
  hangUp,
  onOurs,
  onReference,
  post,
  publish,
  received,
  request,
  responded,
  type Step,
  subscribed,
  within,
} from '../steps.js';
import type { ClientTranscript, RequestTranscript } from '../transcript.js';
import { accept, acceptGrip, closeEvent, event, events, subscribeEvent, textEvent } from '../ws-events.js';
import { askedFor, gotReply } from '../ws-expected.js';
import { SOCKJS } from './sockjs-websocket.js';

/** Fields that all answers of a proxy have in common; the scenarios of what there is show them. */
const COMMON = [
  'access-control-allow-credentials',
  'cache-control',
  'content-type',
  'vary',
  'x-content-type-options',
];
/** A poll is no handshake: the proxy may make one of it, or not. */
const HANDSHAKE = ['sec-websocket-key', 'sec-websocket-version'];

/** The fields of P-8's answers. */
function fields(contentType: string, allowOrigin = '*'): string[] {
  return [
    ...(allowOrigin === '*' ? [] : ['access-control-allow-credentials: true']),
    `access-control-allow-origin: ${allowOrigin}`,
    'cache-control: no-store, no-cache, no-transform, must-revalidate, max-age=0',
    `content-type: ${contentType}`,
    'vary: Origin',
    'x-content-type-options: nosniff',
  ];
}

/** What clients got that each sent one request, without the fields that answers have in common. */
function answers(all: Readonly<Record<string, readonly [status: string, body: string]>>): Clients {
  const entries = Object.entries(all).map(([name, [status, body]]) => [
    name,
    gotReply(status, body, ['access-control-allow-origin: *']),
  ]);
  return Object.fromEntries(entries) as Clients;
}

type Clients = Readonly<Record<string, ClientTranscript>>;

/** Requests of events for a client that polls. */
function polled(...bodies: readonly string[]): RequestTranscript[] {
  return askedFor(bodies, { path: '/s' }).map((transcript) => ({
    ...transcript,
    headers: transcript.headers.filter((line) => !HANDSHAKE.some((name) => line.startsWith(`${name}: `))),
  }));
}

const OPENED = ['200 OK', 'o\n'] as const;
/** P-8's answer to messages that were taken. */
const TAKEN = ['204 No Content', ''] as const;

/** A session that polls. */
class Session {
  readonly #path: string;

  /** `name`: that of its scenario, as it lives on for a while. */
  constructor(name: string) {
    this.#path = `/s/0/${name.replaceAll(/\W+/g, '-')}`;
  }

  /** A poll. Pushpin closes the connection of each, so each client polls once. */
  poll(client?: string): Step {
    return post(`${this.#path}/xhr`, '', client === undefined ? {} : { client });
  }

  /** Messages that are sent on the session. */
  send(body: string): Step {
    return post(`${this.#path}/xhr_send`, body, { client: 'sender' });
  }

  /** A poll that nothing is there for. It has arrived when something that is sent after it has. */
  waiting(client: string): Step[] {
    return [this.poll(client), this.send('[]'), responded(1, 'sender')];
  }
}

/** A scenario of what a session does that is open. */
function session(
  name: string,
  origin: Scenario['origin'],
  steps: (session: Session) => readonly Step[],
  expect?: Expectation,
): Scenario {
  const session = new Session(name);
  return {
    name,
    setup: SOCKJS,
    ignore: { requests: HANDSHAKE, responses: COMMON },
    origin,
    steps: [session.poll(), received('o\n'), ...steps(session)],
    ...(expect && { expect }),
  };
}

/** What is answered without an origin, all fields compared. */
function own(
  name: string,
  method: string,
  target: string,
  reply: ClientTranscript,
  difference = 'D-sockjs-fields',
): Scenario {
  return {
    name,
    setup: SOCKJS,
    origin: [accept()],
    steps: [request(method, target), responded()],
    expect: { difference, clients: { client: reply } },
  };
}

/** A body that is no list of messages. */
function unreadable(name: string, body: string, text: string): Scenario {
  return session(name, [accept(), events()], (open) => [open.send(body), responded(1, 'sender')], {
    difference: 'D-sockjs-statuses',
    clients: answers({ client: OPENED, sender: ['500 Internal Server Error', text] }),
  });
}

/** A close of the origin that a poll waits for, and that the next one gets again. */
function originCloses(name: string, close: Uint8Array, frame: string, answered: string): Scenario {
  const steps = (open: Session): Step[] => [
    open.poll('first'),
    open.send('["hello"]'),
    responded(1, 'first'),
    responded(1, 'sender'),
    open.poll('second'),
    responded(1, 'second'),
    asked(3),
  ];
  return session(name, [accept(), events([close]), events()], steps, {
    difference: 'D-sockjs-closing',
    clients: answers({ client: OPENED, first: ['200 OK', frame], sender: TAKEN, second: ['200 OK', frame] }),
    origin: polled('OPEN\r\n', 'TEXT 5\r\nhello\r\n', answered),
  });
}

const TEXT = 'text/plain; charset=UTF-8';
const INFO = '{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":random}';
const NOT_FOUND = gotReply('404 Not Found', 'Not Found\n', fields(TEXT));

/** Clients that speak SockJS by polling, for browsers and networks without WebSockets. */
export const sockjs: Group = {
  name: 'sockjs',
  scenarios: [
    own(
      'what there is',
      'GET',
      '/s/info',
      gotReply('200 OK', INFO, fields('application/json; charset=UTF-8')),
    ),
    {
      name: 'every page may ask',
      setup: SOCKJS,
      origin: [accept()],
      steps: [get('/s/info', { headers: [['Origin', 'http://page.example']] }), responded()],
      expect: {
        difference: 'D-sockjs-fields',
        clients: {
          client: gotReply('200 OK', INFO, fields('application/json; charset=UTF-8', 'http://page.example')),
        },
      },
    },
    own(
      'the path itself',
      'GET',
      '/s',
      gotReply('200 OK', 'Welcome to SockJS!\n', fields(TEXT)),
      'D-sockjs-greeting',
    ),
    own(
      'the path with a slash',
      'GET',
      '/s/',
      gotReply('200 OK', 'Welcome to SockJS!\n', fields(TEXT)),
      'D-sockjs-greeting',
    ),
    own('a path that means nothing', 'GET', '/s/a/b', NOT_FOUND),
    own('a transport that nobody knows', 'POST', '/s/0/never/unknown', NOT_FOUND),
    own(
      'a session that nobody has opened',
      'POST',
      '/s/0/never/xhr_send',
      gotReply('404 Not Found', 'Session not found\n', fields(TEXT)),
    ),
    own(
      'jsonp without a callback',
      'GET',
      '/s/0/open/jsonp',
      gotReply('500 Internal Server Error', '"callback" parameter required\n', fields(TEXT)),
      'D-sockjs-statuses',
    ),
    own(
      'a preflight',
      'OPTIONS',
      '/s/0/open/xhr',
      gotReply('204 No Content', '', [
        'access-control-allow-methods: OPTIONS, POST',
        'access-control-allow-origin: *',
        'access-control-max-age: 31536000',
        'cache-control: public, max-age=31536000',
        'expires: a date',
        'vary: Origin',
      ]),
    ),
    {
      name: 'a path that only begins like it',
      setup: SOCKJS,
      origin: [answer('ordinary')],
      steps: [get('/something'), responded()],
      expect: {
        difference: 'D-sockjs-paths',
        clients: { client: gotReply('200 OK', 'ordinary') },
        origin: [{ line: 'GET /something', headers: ['grip-sig: valid', 'host: example.com'], body: '' }],
      },
    },
    {
      name: 'paths besides are for the origin',
      setup: SOCKJS,
      origin: [answer('ordinary')],
      steps: [get('/other'), responded()],
    },
    {
      name: 'a session can be streamed',
      setup: SOCKJS,
      ignore: { requests: HANDSHAKE, responses: COMMON },
      origin: [accept([textEvent('hello')])],
      steps: [
        post('/s/0/streaming/xhr_streaming', ''),
        onReference(responded()),
        onOurs(received('a["hello"]\n')),
      ],
      expect: {
        difference: 'D-sockjs-transports',
        clients: {
          client: {
            replies: [
              {
                status: '200 OK',
                headers: ['access-control-allow-origin: *'],
                body: `${'h'.repeat(40)}... 2062 bytes, sha256 a2fa46a142c4e2dc`,
                end: 'open',
              },
            ],
          },
        },
        origin: polled('OPEN\r\n'),
      },
    },
    {
      name: 'a first poll opens a WebSocket',
      setup: SOCKJS,
      ignore: { requests: HANDSHAKE },
      origin: [accept([], { headers: [['X-Own', 'own']] })],
      steps: [
        post('/s/0/first/xhr?x=1', '', {
          headers: [
            ['Origin', 'http://page.example'],
            ['Cookie', 'a=b'],
            ['X-Own', 'own'],
          ],
        }),
        received('o\n'),
      ],
      expect: {
        difference: 'D-sockjs-fields',
        clients: {
          client: gotReply(
            '200 OK',
            'o\n',
            fields('application/javascript; charset=UTF-8', 'http://page.example'),
          ),
        },
      },
    },
    {
      name: 'the origin can be asked under another path',
      setup: { ...SOCKJS, route: { sockjs: '/s', sockjsAsPath: '/chat' } },
      ignore: { requests: HANDSHAKE, responses: COMMON },
      origin: [accept()],
      steps: [post('/s/0/as-path/xhr?x=1', ''), received('o\n')],
    },
    {
      name: 'a refusal is relayed',
      setup: SOCKJS,
      ignore: { requests: HANDSHAKE, responses: COMMON },
      origin: [answer('not you', { status: 403 })],
      steps: [post('/s/0/refused/xhr', ''), responded()],
    },
    session('a poll gets what there is', [accept([textEvent('one'), textEvent('two "✓"\n')])], (open) => [
      open.poll('first'),
      responded(1, 'first'),
    ]),
    session('a poll waits for what comes', [acceptGrip([subscribeEvent('sockjs-1')])], (open) => [
      subscribed('sockjs-1'),
      open.poll('first'),
      publish('sockjs-1', { 'ws-message': 'hello' }),
      responded(1, 'first'),
    ]),
    session(
      'what is sent reaches the origin, and its answer the poll',
      [accept(), events([textEvent('world')])],
      (open) => [
        open.poll('first'),
        open.send('["hello \\u2713"]'),
        responded(1, 'sender'),
        responded(1, 'first'),
        asked(2),
      ],
      {
        difference: 'D-sockjs-statuses',
        clients: answers({ client: OPENED, first: ['200 OK', 'a["world"]\n'], sender: TAKEN }),
      },
    ),
    session('bytes are text', [accept([event('PING', 'a'), event('BINARY', 'bytes')])], (open) => [
      open.poll('first'),
      responded(1, 'first'),
    ]),
    session(
      'nothing is an answer after 25 seconds',
      [accept()],
      (open) => [...open.waiting('first'), within(25_000, responded(1, 'first'))],
      {
        difference: 'D-sockjs-statuses',
        clients: answers({ client: OPENED, first: ['200 OK', 'h\n'], sender: TAKEN }),
      },
    ),
    session('a client that does not come back in 5 seconds is lost', [accept(), events()], () => [
      within(5000, asked(2)),
    ]),
    session(
      'a client that leaves its poll closes',
      [accept(), events([closeEvent(1000)])],
      (open) => [...open.waiting('first'), hangUp('first'), onOurs(within(6000, asked(2)))],
      {
        difference: 'D-sockjs-closing',
        clients: { ...answers({ client: OPENED, sender: TAKEN }), first: { replies: [] } },
        origin: polled('OPEN\r\n', 'CLOSE\r\n'),
      },
    ),
    session(
      'two polls at a time are one too many',
      [accept()],
      (open) => [...open.waiting('first'), open.poll('second'), responded(1, 'second')],
      {
        difference: 'D-sockjs-statuses',
        clients: {
          ...answers({
            client: OPENED,
            sender: TAKEN,
            second: ['200 OK', 'c[2010,"Another connection still open"]\n'],
          }),
          first: { replies: [] },
        },
      },
    ),
    originCloses(
      'the origin closes',
      closeEvent(4001, 'bye'),
      'c[4001,"bye"]\n',
      'CLOSE 5\r\n\\x0f\\xa1bye\r\n',
    ),
    originCloses(
      'the origin closes without a code',
      closeEvent(),
      'c[1000,"Connection closed"]\n',
      'CLOSE 2\r\n\\x03\\xe8\r\n',
    ),
    session(
      'the origin closes while no poll waits',
      [accept([textEvent('last'), closeEvent(4001, 'bye')]), events()],
      (open) => [
        open.poll('first'),
        responded(1, 'first'),
        onOurs(open.poll('second')),
        onOurs(responded(1, 'second')),
        onOurs(asked(2)),
      ],
      {
        difference: 'D-sockjs-closing',
        clients: answers({
          client: OPENED,
          first: ['200 OK', 'a["last"]\n'],
          second: ['200 OK', 'c[4001,"bye"]\n'],
        }),
        origin: polled('OPEN\r\n', 'CLOSE 5\r\n\\x0f\\xa1bye\r\n'),
      },
    ),
    session('a published close', [acceptGrip([subscribeEvent('sockjs-2')]), events()], (open) => [
      subscribed('sockjs-2'),
      open.poll('first'),
      publish('sockjs-2', { 'ws-message': { action: 'close', code: 4001, reason: 'bye' } }),
      responded(1, 'first'),
      asked(2),
    ]),
    session(
      'nothing can be sent',
      [accept(), events()],
      (open) => [open.send('[]'), responded(1, 'sender')],
      {
        difference: 'D-sockjs-statuses',
        clients: answers({ client: OPENED, sender: TAKEN }),
      },
    ),
    unreadable('a number is refused', '5', 'Payload expected.\n'),
    unreadable('an object is refused', '{}', 'Payload expected.\n'),
    unreadable('an empty body is refused', '', 'Payload expected.\n'),
    unreadable('a list of something else than text is refused', '[1]', 'Payload expected.\n'),
    unreadable('what is no JSON is refused', '["a"', 'Broken JSON encoding.\n'),
    {
      name: 'jsonp opens, polls and sends',
      setup: SOCKJS,
      ignore: { requests: HANDSHAKE, responses: COMMON },
      origin: [accept(), events([textEvent('it\'s "me"')])],
      steps: [
        get('/s/0/jsonp/jsonp?c=cb'),
        received('cb('),
        get('/s/0/jsonp/jsonp?c=cb.a', { client: 'first' }),
        post('/s/0/jsonp/jsonp_send', 'd=%5B%22hello%22%5D', {
          client: 'sender',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        }),
        responded(1, 'sender'),
        responded(1, 'first'),
        asked(2),
      ],
      expect: {
        difference: 'D-sockjs-statuses',
        clients: answers({
          client: ['200 OK', '/**/cb("o");\r\n'],
          first: ['200 OK', '/**/cb.a("a[\\"it\'s \\\\\\"me\\\\\\"\\"]");\r\n'],
          sender: ['200 OK', 'ok'],
        }),
      },
    },
  ],
};
