import { type Group, OVER_HTTP, REMOTE, type Scenario } from '../scenario.js';
import { asked, closed, hangUp, OTHER, onOurs, release, settled, within } from '../steps.js';
import { accept, closeEvent, type EventBytes, event, events, eventsAfter, textEvent } from '../ws-events.js';
import { askedFor, gotLast } from '../ws-expected.js';
import { connect, got, opened, originDown, sendClose, sendCloseWith, sendText } from '../ws-steps.js';

/** A Close of the client with the given code, and what the origin answers to it. */
function clientCloses(
  name: string,
  [code, reason]: readonly [code?: number, reason?: string],
  list: readonly EventBytes[],
): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events(list)],
    steps: [connect('/ws'), opened(), sendClose(code, reason), asked(2), closed()],
  };
}

/** A Close of the client with the given payload, which the origin answers with what it got. */
function closePayload(name: string, payload: Uint8Array): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events([closeEvent(1001, 'bye')])],
    steps: [connect('/ws'), opened(), sendCloseWith(payload), asked(2), closed()],
  };
}

/** A close by the origin, which the client answers. */
function originCloses(name: string, list: readonly EventBytes[]): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events(list), events()],
    steps: [connect('/ws'), opened(), sendText('1'), asked(3), closed()],
  };
}

/** How a WebSocket ends, when the origin is asked over HTTP. */
export const websocketClosing: Group = {
  name: 'websocket-closing',
  scenarios: [
    clientCloses(
      'a client that closes gets the answer of the origin',
      [1000, 'done'],
      [closeEvent(1001, 'bye')],
    ),
    clientCloses('an answer without a code is 1000', [4321], [closeEvent()]),
    clientCloses('a client may close without a code', [], [closeEvent()]),
    clientCloses(
      'messages before the answer reach the client',
      [1000],
      [textEvent('last'), closeEvent(1000)],
    ),
    clientCloses('what comes after the answer does not', [1000], [closeEvent(1000), textEvent('late')]),
    {
      ...clientCloses('an origin that does not answer the Close ends the connection', [1000], []),
      expect: {
        difference: 'D-websocket-origin-failures',
        clients: { client: gotLast('close 1011') },
      },
    },
    closePayload('a code that is for private use passes', Buffer.from([0x0f, 0xa0])),
    {
      ...closePayload('a code that nobody may send', Buffer.from([0x03, 0xe7])),
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotLast('close 1002') },
        origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
      },
    },
    {
      ...closePayload('a code that must not be on the wire', Buffer.from([0x03, 0xed])),
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotLast('close 1002') },
        origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
      },
    },
    {
      ...closePayload('half a code', Buffer.from([3])),
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotLast('close 1002') },
        origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
      },
    },
    {
      ...closePayload('a reason that is no UTF-8', Buffer.from([0x03, 0xe8, 0xff, 0xfe])),
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotLast('close 1007') },
        origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
      },
    },
    {
      name: 'messages that wait go with the Close',
      setup: OVER_HTTP,
      origin: { '/ws': [accept(), eventsAfter('go'), events([closeEvent(1000)])], ...OTHER },
      steps: [
        connect('/ws'),
        opened(),
        sendText('first'),
        asked(2),
        sendText('second'),
        sendClose(1000, 'done'),
        ...settled(),
        release('go'),
        asked(4),
        closed(),
      ],
    },
    {
      name: 'with one_event the Close goes in a request of its own',
      setup: { target: { overHttp: true, oneEvent: true } },
      origin: { '/ws': [accept(), eventsAfter('go'), events(), events([closeEvent(1000)])], ...OTHER },
      mounts: REMOTE.routes,
      steps: [
        connect('/ws'),
        opened(),
        sendText('first'),
        asked(2),
        sendText('second'),
        sendClose(1000, 'done'),
        ...settled(),
        release('go'),
        asked(5),
        closed(),
      ],
    },
    {
      name: 'an origin that is kept alive may answer the Close later',
      setup: OVER_HTTP,
      origin: [
        accept([], { headers: [['Keep-Alive-Interval', '20']] }),
        events([textEvent('wait')]),
        events([closeEvent(1000, 'now')]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        sendClose(1000, 'done'),
        asked(2),
        within(20_000, asked(3)),
        closed(),
      ],
      expect: {
        difference: 'D-websocket-close-timeout',
        origin: askedFor(['OPEN\r\n', 'CLOSE 6\r\n\\x03\\xe8done\r\n', '']),
      },
    },
    {
      name: 'an origin that is kept alive and never answers the Close',
      setup: OVER_HTTP,
      origin: [accept([], { headers: [['Keep-Alive-Interval', '20']] }), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendClose(1000, 'done'),
        asked(2),
        onOurs(within(30_000, closed())),
        onOurs(asked(4)),
      ],
      expect: {
        difference: 'D-websocket-close-timeout',
        clients: { client: gotLast('close 1000') },
        origin: askedFor(['OPEN\r\n', 'CLOSE 6\r\n\\x03\\xe8done\r\n', '', 'DISCONNECT\r\n']),
      },
    },
    originCloses('an origin that closes gets the answer of the client', [
      textEvent('last'),
      closeEvent(1001, 'bye'),
    ]),
    originCloses('what an origin sends after its Close is lost', [
      closeEvent(1001, 'bye'),
      textEvent('late'),
    ]),
    originCloses('an origin may close without a code', [closeEvent()]),
    originCloses('one byte is no code', [event('CLOSE', '\x03')]),
    {
      ...originCloses('a code of 0', [closeEvent(0)]),
      expect: {
        difference: 'D-websocket-close-codes',
        clients: { client: gotLast('close 1000') },
        origin: askedFor(['OPEN\r\n', 'TEXT 1\r\n1\r\n', 'CLOSE 2\r\n\\x03\\xe8\r\n']),
      },
    },
    {
      ...originCloses('a code that cannot be sent', [closeEvent(1005, 'bye')]),
      expect: {
        difference: 'D-websocket-close-codes',
        clients: { client: gotLast('close 1000 bye') },
        origin: askedFor(['OPEN\r\n', 'TEXT 1\r\n1\r\n', 'CLOSE 5\r\n\\x03\\xe8bye\r\n']),
      },
    },
    {
      name: 'until the client answers its Close its messages reach the origin',
      setup: OVER_HTTP,
      origin: [accept(), events([closeEvent(1001, 'bye')]), events(), events()],
      steps: [
        connect('/ws', { answersClose: false }),
        opened(),
        sendText('1'),
        got('close 1001 bye'),
        sendText('2'),
        asked(3),
        sendClose(1001, 'bye'),
        asked(4),
        closed(),
      ],
    },
    {
      name: 'an origin is told when a client is lost',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [connect('/ws'), opened(), hangUp(), asked(2)],
    },
    {
      name: 'meta comes with the DISCONNECT',
      setup: OVER_HTTP,
      origin: [accept([], { headers: [['Set-Meta-User', 'alice']] }), events()],
      steps: [connect('/ws'), opened(), hangUp(), asked(2)],
    },
    {
      name: 'it is told after its answer, and gets no messages of a client that is lost',
      setup: OVER_HTTP,
      origin: { '/ws': [accept(), eventsAfter('go'), events()], ...OTHER },
      steps: [
        connect('/ws'),
        opened(),
        sendText('first'),
        asked(2),
        sendText('second'),
        hangUp(),
        ...settled(),
        release('go'),
        asked(4),
      ],
    },
    {
      name: 'a client that is gone before the answer to its Close is not a lost one',
      setup: OVER_HTTP,
      origin: { '/ws': [accept(), eventsAfter('go', [closeEvent(1000)]), events()], '/other': [accept()] },
      steps: [
        connect('/ws', { client: 'first' }),
        opened('first'),
        sendClose(1000, undefined, 'first'),
        asked(2),
        hangUp('first'),
        release('go'),
        connect('/other', { client: 'second' }),
        opened('second'),
      ],
    },
    {
      name: 'an origin that is down is asked again for half a minute',
      setup: OVER_HTTP,
      origin: [accept()],
      mounts: REMOTE.framing,
      steps: [connect('/ws'), opened(), originDown(), sendText('hello'), within(40_000, closed())],
      expect: {
        difference: 'D-websocket-origin-failures',
        clients: { client: gotLast('close 1011') },
      },
    },
  ],
};
