import { type Answer, answer } from '../answer.js';
import { type Expectation, type Group, OVER_HTTP, REMOTE, type Scenario } from '../scenario.js';
import { asked, begun, hangUp, release, responded, within } from '../steps.js';
import {
  accept,
  acceptGrip,
  closeEvent,
  event,
  events,
  eventsAfter,
  messageEvent,
  OPEN,
  textEvent,
} from '../ws-events.js';
import { askedFor, gotMessages, gotReply } from '../ws-expected.js';
import { connect, got, opened, sendText } from '../ws-steps.js';

/** A handshake that is refused because of what the origin answers. */
function refused(name: string, origin: Answer): Scenario {
  return { name, setup: OVER_HTTP, origin: [origin], steps: [connect('/ws'), responded()] };
}

/** The same, where it is the proxy that refuses. */
function badGateway(name: string, origin: Answer): Scenario {
  return { ...refused(name, origin), expect: BAD_GATEWAY };
}

const BAD_GATEWAY: Expectation = {
  difference: 'D-websocket-errors',
  clients: { client: gotReply('502 Bad Gateway', 'Error while proxying to origin.\n') },
};

/** How a WebSocket is opened, or not, by an origin that is asked over HTTP. */
export const websocketOpen: Group = {
  name: 'websocket-open',
  scenarios: [
    {
      name: 'an origin that answers OPEN accepts',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [connect('/chat/room%201?as=me&x=%20'), opened()],
    },
    {
      name: 'what the handshake says goes with every request',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws', {
          headers: [
            ['Origin', 'http://page.example'],
            ['Cookie', 'a=b; c=d'],
            ['Authorization', 'Bearer token'],
            ['Sec-WebSocket-Protocol', 'chat, superchat'],
            ['X-Own', 'own'],
          ],
        }),
        opened(),
        sendText('one'),
        asked(2),
        sendText('two'),
        asked(3),
      ],
    },
    {
      name: 'what belongs to the proxy is not taken from the client',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [
        connect('/ws', {
          headers: [
            ['Connection-Id', 'forged'],
            ['Meta-User', 'forged'],
            ['Grip-Sig', 'forged'],
            ['Accept', 'text/html'],
            ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits, grip'],
            ['Keep-Alive', 'timeout=5'],
          ],
        }),
        opened(),
      ],
    },
    {
      name: 'a Content-Type of the handshake is replaced',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [connect('/ws', { headers: [['Content-Type', 'text/plain']] }), opened()],
      expect: { difference: 'D-websocket-content-type', origin: askedFor(['OPEN\r\n']) },
    },
    {
      name: 'what is said to the client goes with the 101, and what is said to the proxy does not',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([], {
          headers: [
            ['Sec-WebSocket-Protocol', 'chat'],
            ['Set-Cookie', 'a=b'],
            ['Set-Cookie', 'c=d'],
            ['X-Own', 'own'],
            ['Set-Meta-User', 'alice'],
            ['Keep-Alive-Interval', '60'],
          ],
        }),
      ],
      steps: [connect('/ws', { headers: [['Sec-WebSocket-Protocol', 'superchat, chat']] }), opened()],
    },
    {
      name: 'no subprotocol is chosen when the origin chooses none',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [connect('/ws', { headers: [['Sec-WebSocket-Protocol', 'superchat, chat']] }), opened()],
    },
    {
      name: 'a subprotocol is the choice of the origin, whatever was offered',
      setup: OVER_HTTP,
      origin: [accept([], { headers: [['Sec-WebSocket-Protocol', 'other']] })],
      steps: [connect('/ws', { headers: [['Sec-WebSocket-Protocol', 'chat']] }), opened()],
    },
    {
      name: 'messages that come with OPEN follow the 101',
      setup: OVER_HTTP,
      origin: [acceptGrip([messageEvent('one'), event('BINARY', 'm:\x01\x02'), event('PING', 'three')])],
      steps: [connect('/ws'), got('ping three')],
    },
    {
      name: 'a WebSocket can be opened and closed by one answer',
      setup: OVER_HTTP,
      origin: [accept([textEvent('sorry'), closeEvent(4000, 'full')]), events()],
      steps: [connect('/ws'), got('close 4000 full'), asked(2)],
    },
    refused(
      'another status refuses, and is relayed whole',
      answer('not you\n', {
        status: 403,
        reason: 'No',
        headers: [
          ['Content-Type', 'text/plain'],
          ['Set-Cookie', 'a=b'],
          ['X-Own', 'own'],
        ],
      }),
    ),
    refused(
      'a redirect is relayed',
      answer('', { status: 302, headers: [['Location', 'http://elsewhere.example/ws']] }),
    ),
    refused(
      'another content type is relayed',
      answer('<p>hello</p>', { headers: [['Content-Type', 'text/html']] }),
    ),
    refused('a refusal in parts is relayed', answer(['no', 't ', 'you'], { status: 401 })),
    refused('a refusal without a body is relayed', { status: 404 }),
    refused(
      'a refusal of events is relayed as it is',
      events([OPEN], { status: 400, headers: [['Set-Meta-User', 'alice']] }),
    ),
    {
      name: 'the content type may have a charset',
      setup: OVER_HTTP,
      origin: [
        { headers: [['Content-Type', 'application/websocket-events; charset=utf-8']], body: 'OPEN\r\n' },
      ],
      steps: [connect('/ws'), begun()],
      expect: { difference: 'D-websocket-charset', clients: { client: gotMessages([]) } },
    },
    badGateway('an empty answer is a 502', events()),
    badGateway('an answer that does not begin with OPEN is a 502', events([textEvent('hello'), OPEN])),
    badGateway('events that cannot be read are a 502', events([OPEN, 'TEXT zz\r\nhello\r\n'])),
    badGateway('an answer over a million bytes is a 502', events([OPEN, textEvent('x'.repeat(1_200_000))])),
    {
      name: 'an origin that cuts its answer is a 502',
      setup: OVER_HTTP,
      origin: [
        {
          raw: 'HTTP/1.1 200 OK\r\nContent-Type: application/websocket-events\r\nContent-Length: 6\r\n\r\nOP',
        },
      ],
      mounts: REMOTE.framing,
      steps: [connect('/ws'), responded()],
      expect: BAD_GATEWAY,
    },
    {
      name: 'an origin that is down is a 502',
      setup: { ...OVER_HTTP, originDown: true },
      origin: [],
      mounts: REMOTE.framing,
      steps: [connect('/ws'), responded()],
      expect: BAD_GATEWAY,
    },
    {
      name: 'with debugging the client is told why',
      setup: { ...OVER_HTTP, route: { debug: true }, originDown: true },
      origin: [],
      mounts: REMOTE.framing,
      steps: [connect('/ws'), responded()],
      expect: {
        difference: 'D-websocket-errors',
        clients: {
          client: gotReply('502 Bad Gateway', 'Unable to connect to any targets. Tried: the origin\n'),
        },
      },
    },
    {
      name: 'when a target is down the next one is asked, and stays the one that is asked',
      setup: { ...OVER_HTTP, deadTargetFirst: true },
      origin: [accept(), events([textEvent('again')])],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), opened(), sendText('hello'), got('text again')],
    },
    {
      name: 'an answer without OPEN that is to be kept alive puts the handshake off',
      setup: OVER_HTTP,
      origin: [
        events([], {
          headers: [
            ['Keep-Alive-Interval', '20'],
            ['X-Own', 'first'],
            ['Set-Meta-User', 'alice'],
          ],
        }),
        accept([], { headers: [['X-Own', 'second']] }),
      ],
      steps: [connect('/ws'), asked(1), within(20_000, opened()), asked(2)],
    },
    {
      name: 'a handshake that was put off can be refused',
      setup: OVER_HTTP,
      origin: [events([], { headers: [['Keep-Alive-Interval', '20']] }), answer('no', { status: 403 })],
      steps: [connect('/ws'), asked(1), within(20_000, responded())],
    },
    {
      name: 'a client that leaves while it is opened is disconnected once it is open',
      setup: OVER_HTTP,
      origin: [eventsAfter('go', [OPEN]), events()],
      steps: [connect('/ws'), asked(1), hangUp(), release('go'), asked(2)],
    },
  ],
};
