import { OPCODES } from '../../support/ws-frames.js';
import type { Answer, OriginScript } from '../answer.js';
import { type Group, OVER_HTTP, REMOTE, type Scenario } from '../scenario.js';
import { asked, closed, OTHER, onOurs, onReference, release, type Step, settled, within } from '../steps.js';
import {
  accept,
  type EventBytes,
  type EventsOptions,
  event,
  events,
  eventsAfter,
  textEvent,
} from '../ws-events.js';
import { askedFor, gotLast, gotMessages } from '../ws-expected.js';
import { connect, got, opened, sendBinary, sendFrame, sendPing, sendPong, sendText } from '../ws-steps.js';

/** What the answer `list` to a message makes of it; another answer follows, so that all of it is seen. */
function answered(name: string, list: readonly EventBytes[]): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events(list), events([textEvent('the end')])],
    steps: [connect('/ws'), opened(), sendText('1'), asked(2), sendText('2'), got('text the end')],
  };
}

/** An answer that ends the connection. */
function failing(name: string, list: readonly EventBytes[], more?: EventsOptions): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events(list, more)],
    steps: [connect('/ws'), opened(), sendText('1'), asked(2), closed()],
    expect: CLOSED,
  };
}

const CLOSED: NonNullable<Scenario['expect']> = {
  difference: 'D-websocket-origin-failures',
  clients: { client: gotLast('close 1011') },
};

/** Meta fields that the answers to OPEN and to the first message set, and one more request that shows them. */
function meta(
  name: string,
  first: EventsOptions['headers'] = [],
  second: EventsOptions['headers'] = [],
): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept([], { headers: first }), events([], { headers: second }), events()],
    steps: [connect('/ws'), opened(), sendText('1'), asked(2), sendText('2'), asked(3)],
  };
}

/** Messages that a client sends while the answer to its first one is held. */
function meanwhile(...messages: readonly Step[]): Step[] {
  return [connect('/ws'), opened(), sendText('first'), asked(2), ...messages, ...settled(), release('go')];
}

/** The script of an origin that is asked something else meanwhile. */
function held(answers: readonly Answer[]): OriginScript {
  return { '/ws': answers, ...OTHER };
}

/** Messages as events in both directions, when the origin is asked over HTTP. */
export const websocketEvents: Group = {
  name: 'websocket-events',
  scenarios: [
    {
      name: 'each type of message is an event',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendText('hello ✓'),
        asked(2),
        sendBinary(Buffer.from([0, 1, 0xff])),
        asked(3),
        sendPing('are you there'),
        asked(4),
        sendPong('I am'),
        asked(5),
      ],
    },
    {
      name: 'empty messages are events without a size',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendText(''),
        asked(2),
        sendBinary(Buffer.alloc(0)),
        asked(3),
        sendPing(),
        asked(4),
        sendPong(),
        asked(5),
      ],
    },
    {
      name: 'what looks like a control message is none when a client sends it',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendText('c:{"type":"detach"}'),
        asked(2),
        sendText('m:hello'),
        asked(3),
      ],
    },
    {
      name: 'the size is in lower-case hex',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [connect('/ws'), opened(), sendText('x'.repeat(0xab)), asked(2)],
    },
    {
      name: 'fragments are one event',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendFrame(OPCODES.text, 'hel', { fin: false }),
        sendFrame(OPCODES.continuation, '', { fin: false }),
        sendFrame(OPCODES.continuation, 'lo'),
        asked(2),
        sendFrame(OPCODES.binary, Buffer.from([1]), { fin: false }),
        sendFrame(OPCODES.continuation, Buffer.from([2])),
        asked(3),
      ],
    },
    {
      name: 'a character may be in two fragments',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendFrame(OPCODES.text, Buffer.from([0xe2, 0x9c]), { fin: false }),
        sendFrame(OPCODES.continuation, Buffer.from([0x93])),
        asked(2),
      ],
    },
    {
      name: 'a long message is one event',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [connect('/ws'), opened(), sendBinary(Buffer.alloc(70_000, 'abcdefg')), asked(2)],
    },
    {
      name: 'messages wait for the answer to the request before, and then go together',
      setup: OVER_HTTP,
      origin: held([accept(), eventsAfter('go'), events()]),
      steps: [
        ...meanwhile(sendText('second'), sendBinary(Buffer.from('third')), sendPing('fourth'), sendText('')),
        asked(4),
      ],
    },
    {
      name: 'with one_event each goes in a request of its own',
      setup: { target: { overHttp: true, oneEvent: true } },
      origin: held([accept(), eventsAfter('go'), events()]),
      mounts: REMOTE.routes,
      steps: [...meanwhile(sendText('second'), sendText('third')), asked(5)],
    },
    {
      name: 'a message that is not complete yet holds up nothing',
      setup: OVER_HTTP,
      origin: held([accept(), eventsAfter('go'), events()]),
      steps: [
        ...meanwhile(sendText('second'), sendFrame(OPCODES.text, 'thi', { fin: false })),
        asked(4),
        sendFrame(OPCODES.continuation, 'rd'),
        asked(5),
      ],
    },
    {
      name: 'the client gets each type of message',
      setup: OVER_HTTP,
      origin: [
        accept(),
        events([textEvent('hello ✓'), event('BINARY', 'bytes'), event('PING', 'a'), event('PONG', 'b')]),
      ],
      steps: [connect('/ws'), opened(), sendText('1'), got('pong b')],
    },
    {
      name: 'the client gets empty messages',
      setup: OVER_HTTP,
      origin: [accept(), events([event('TEXT'), event('BINARY', ''), event('PING'), event('PONG', '')])],
      steps: [connect('/ws'), opened(), sendText('1'), got('pong')],
    },
    {
      name: 'the client gets long messages',
      setup: OVER_HTTP,
      origin: [accept(), events([textEvent('x'.repeat(16_000)), textEvent('the end')])],
      steps: [connect('/ws'), opened(), sendText('1'), got('text the end')],
    },
    {
      name: 'the client gets messages of any length',
      setup: OVER_HTTP,
      origin: [accept(), events([textEvent('x'.repeat(400_000)), textEvent('the end')])],
      steps: [connect('/ws'), opened(), sendText('1'), asked(2), onOurs(got('text the end'))],
      expect: {
        difference: 'D-websocket-long-messages',
        clients: {
          client: gotMessages([
            'text xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... 400000 bytes, sha256 7ceaf8646cdb9dc3',
            'text the end',
          ]),
        },
      },
    },
    answered('an empty answer is no message', []),
    answered('a size may be in upper-case hex', ['TEXT 1C\r\nhere is another nice message\r\n']),
    answered('a size of 0 is an empty message', ['TEXT 0\r\n\r\n']),
    answered('content that ends early is taken as it is', ['TEXT 5\r\nhel']),
    answered('the last line may have no end', ['TEXT 5\r\nhello']),
    answered('what stands between events is not looked at', ['TEXT 5\r\nhelloXXPING\r\n']),
    answered('unknown events are passed over', ['FOO 3\r\nabc\r\n', textEvent('hello')]),
    answered('events in lower case are unknown', ['text 1\r\na\r\n', textEvent('hello')]),
    answered('an empty line is an unknown event', ['\r\n', textEvent('hello')]),
    failing('an event without an end ends the connection', ['TEXT']),
    failing('a size without digits ends the connection', ['TEXT \r\n']),
    failing('a size that is no number ends the connection', ['TEXT zz\r\nhello\r\n']),
    failing('more than a size ends the connection', ['TEXT 5 x\r\nhello\r\n']),
    failing('a second OPEN ends the connection', ['OPEN\r\n']),
    failing('a DISCONNECT of the origin ends the connection', ['DISCONNECT\r\n']),
    failing('another status ends the connection', [textEvent('hello')], { status: 503 }),
    failing('an answer over a million bytes ends the connection', [textEvent('x'.repeat(1_200_000))]),
    {
      name: 'another content type ends the connection',
      setup: OVER_HTTP,
      origin: [accept(), { headers: [['Content-Type', 'text/plain']], body: textEvent('hello') }],
      steps: [connect('/ws'), opened(), sendText('1'), asked(2), closed()],
      expect: CLOSED,
    },
    {
      name: 'the content type of later answers may have a charset',
      setup: OVER_HTTP,
      origin: [
        accept(),
        {
          headers: [['Content-Type', 'application/websocket-events; charset=utf-8']],
          body: textEvent('hello'),
        },
      ],
      steps: [
        connect('/ws'),
        opened(),
        sendText('1'),
        asked(2),
        onReference(closed()),
        onOurs(got('text hello')),
      ],
      expect: { difference: 'D-websocket-charset', clients: { client: gotMessages(['text hello']) } },
    },
    meta('meta that the origin sets comes back with every request', [
      ['Set-Meta-User', 'alice'],
      ['Set-Meta-X-Room', 'one'],
    ]),
    meta(
      'meta can be replaced and added',
      [['Set-Meta-User', 'alice']],
      [
        ['Set-Meta-User', 'bob'],
        ['Set-Meta-Room', 'one'],
      ],
    ),
    meta(
      'empty meta is removed, in any letter case',
      [
        ['Set-Meta-User', 'alice'],
        ['Set-Meta-Room', 'one'],
      ],
      [['set-meta-user', '']],
    ),
    {
      ...meta('meta without a name is nothing', [
        ['Set-Meta-', 'nobody'],
        ['Set-Meta-User', 'alice'],
      ]),
      expect: { difference: 'D-websocket-nameless-meta', clients: { client: gotMessages([]) } },
    },
    meta('of two values of a meta the last counts', [
      ['Set-Meta-User', 'alice'],
      ['Set-Meta-User', 'bob'],
    ]),
    {
      name: 'an origin that asks for it is asked again when nothing happens',
      setup: OVER_HTTP,
      origin: [accept([], { headers: [['Keep-Alive-Interval', '20']] }), events([textEvent('alive')])],
      steps: [connect('/ws'), opened(), within(20_000, got('text alive'))],
    },
    {
      name: 'it is asked again and again, and never more often than every 20 seconds',
      setup: OVER_HTTP,
      origin: [
        accept([], { headers: [['Keep-Alive-Interval', '1']] }),
        events(),
        events([textEvent('the end')]),
      ],
      steps: [connect('/ws'), opened(), within(20_000, asked(2)), within(20_000, got('text the end'))],
    },
    {
      name: 'content that is not accepted comes again with the next request',
      setup: OVER_HTTP,
      origin: [
        accept(),
        events([], { headers: [['Content-Bytes-Accepted', '5']] }),
        events([textEvent('[ok]')]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        sendText('[foo][hello'),
        asked(2),
        sendText(' world]'),
        got('text [ok]'),
      ],
      expect: {
        difference: 'D-websocket-content-bytes',
        origin: [
          ...askedFor(['OPEN\r\n', 'TEXT b\r\n[foo][hello\r\n']),
          ...askedFor(['TEXT 6\r\n[hello\r\nTEXT 7\r\n world]\r\n'], {
            headers: ['content-bytes-replayed: 6'],
          }),
        ],
      },
    },
  ],
};
