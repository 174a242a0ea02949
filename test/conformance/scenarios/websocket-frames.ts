import { OPCODES, writeFrame } from '../../support/ws-frames.js';
import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import { asked, closed, onOurs, onReference, type Step } from '../steps.js';
import { accept, events } from '../ws-events.js';
import { askedFor, gotLast, gotMessages } from '../ws-expected.js';
import { connect, opened, sendBytes, sendFrame, sendText } from '../ws-steps.js';

const { binary, continuation, ping, text } = OPCODES;

/** Frames that end the connection; the origin hears of it. */
function fatal(name: string, ...frames: readonly Step[]): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events()],
    steps: [connect('/ws'), opened(), ...frames, asked(2), closed()],
    expect: { difference: 'D-websocket-strict-frames', clients: { client: gotLast('close 1002') } },
  };
}

/** Frames that Pushpin takes and that RFC 6455 forbids: P-8 ends the connection. */
function lenient(name: string, close: string, ...frames: readonly Step[]): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept(), events()],
    steps: [connect('/ws'), opened(), ...frames, asked(2), onOurs(closed())],
    expect: {
      difference: 'D-websocket-strict-frames',
      clients: { client: gotLast(close) },
      origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
    },
  };
}

/** The first fragments of a message, each of 100,000 bytes. */
function fragments(count: number): Step[] {
  return Array.from({ length: count }, (_, i) =>
    sendFrame(i === 0 ? binary : continuation, Buffer.alloc(100_000, 'x'), { fin: false }),
  );
}

/** What is wrong with the frames of a client, and what is not. */
export const websocketFrames: Group = {
  name: 'websocket-frames',
  scenarios: [
    fatal('an unknown opcode', sendFrame(3, 'x')),
    fatal('an unknown control opcode', sendFrame(11, 'x')),
    fatal('a continuation of nothing', sendFrame(continuation, 'x')),
    fatal('a message within a message', sendFrame(text, 'a', { fin: false }), sendFrame(text, 'b')),
    fatal('a ping in parts', sendFrame(ping, 'x', { fin: false })),
    fatal('a ping over 125 bytes', sendFrame(ping, 'x'.repeat(126))),
    fatal('compression that was not agreed on', sendFrame(text, 'x', { rsv: 4 })),
    lenient('reserved bits', 'close 1002', sendFrame(text, 'x', { rsv: 2 })),
    lenient('a frame without a mask', 'close 1002', sendFrame(text, 'x', { mask: false })),
    lenient('text that is no UTF-8', 'close 1007', sendFrame(text, Buffer.from([0x61, 0xff]))),
    lenient('text that ends within a character', 'close 1007', sendFrame(text, Buffer.from([0xe2, 0x9c]))),
    {
      name: 'a ping within a message',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendFrame(text, 'hel', { fin: false }),
        sendFrame(ping, 'are you there'),
        asked(2),
        onReference(closed()),
        onOurs(sendFrame(continuation, 'lo')),
        onOurs(asked(3)),
      ],
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotMessages([]) },
        origin: askedFor(['OPEN\r\n', 'PING d\r\nare you there\r\n', 'TEXT 5\r\nhello\r\n']),
      },
    },
    {
      name: 'a long message in fragments',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        ...fragments(4),
        onReference(closed()),
        onOurs(sendFrame(continuation, '')),
        onOurs(asked(2)),
      ],
      expect: {
        difference: 'D-websocket-long-messages',
        clients: { client: gotMessages([]) },
        origin: askedFor([
          'OPEN\r\n',
          'BINARY 61a80\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx... 400016 bytes, sha256 ba1ed6df455ba009',
        ]),
      },
    },
    {
      name: 'a message that never ends',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [connect('/ws'), opened(), ...fragments(11), closed(), onOurs(asked(2))],
      expect: {
        difference: 'D-websocket-strict-frames',
        clients: { client: gotLast('close 1009') },
        origin: askedFor(['OPEN\r\n', 'DISCONNECT\r\n']),
      },
    },
    {
      name: 'frames may come in any pieces',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        ...[...writeFrame(text, 'hello', { mask: true })].map((byte) => sendBytes(Buffer.from([byte]))),
        asked(2),
      ],
    },
    {
      name: 'a length may be written longer than it has to be',
      setup: OVER_HTTP,
      origin: [accept(), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendBytes(Buffer.from([0x81, 0xfe, 0, 2, 0, 0, 0, 0, 0x68, 0x69])),
        asked(2),
        sendText('the end'),
        asked(3),
      ],
    },
  ],
};
