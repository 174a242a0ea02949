import { closePayload, OPCODES, writeFrame } from '../../support/ws-frames.js';
import { type Answer, answer } from '../answer.js';
import type { Field } from '../field.js';
import { type Group, REMOTE, type Scenario } from '../scenario.js';
import {
  begun,
  closed,
  get,
  hangUp,
  onOurs,
  publish,
  release,
  responded,
  type Step,
  subscribed,
} from '../steps.js';
import { askedDirectly, gotLast, gotMessages, gotReply } from '../ws-expected.js';
import {
  connect,
  got,
  opened,
  originClosed,
  originGot,
  sendBinary,
  sendClose,
  sendFrame,
  sendPing,
  sendPong,
  sendText,
} from '../ws-steps.js';

const { binary, close, continuation, ping, pong, text } = OPCODES;

const GRIP: Field = ['Sec-WebSocket-Extensions', 'grip'];

/** An origin that accepts, and sends frames. */
function accepting(
  sends: NonNullable<Answer['webSocket']>['sends'] = [],
  headers: readonly Field[] = [],
  more: Omit<Answer, 'headers'> & { readonly onClose?: Uint8Array } = {},
): Answer {
  const { onClose, ...rest } = more;
  return { ...rest, headers, webSocket: { ...(sends && { sends }), ...(onClose && { onClose }) } };
}

/** A control message. */
function say(message: unknown): Buffer {
  return writeFrame(text, `c:${JSON.stringify(message)}`);
}

/** A WebSocket that reaches the origin as a WebSocket. */
function direct(
  name: string,
  origin: Answer,
  steps: readonly Step[],
  { setup, expect }: Pick<Scenario, 'setup' | 'expect'> = {},
): Scenario {
  return {
    name,
    ...(setup && { setup }),
    origin: [origin],
    mounts: REMOTE.webSocketOrigin,
    steps: [connect('/ws?x=1'), ...steps],
    ...(expect && { expect }),
  };
}

const BAD_GATEWAY = gotReply('502 Bad Gateway', 'Error while proxying to origin.\n');

/** Origins that speak WebSocket themselves. */
export const websocketDirect: Group = {
  name: 'websocket-direct',
  scenarios: [
    direct(
      'messages of all types go both ways',
      accepting([
        { until: 'go' },
        writeFrame(text, 'hello ✓'),
        writeFrame(binary, Buffer.from([0, 1, 0xff])),
        writeFrame(ping, 'a'),
        writeFrame(pong, 'b'),
        writeFrame(text, ''),
        writeFrame(text, 'the end'),
      ]),
      [
        opened(),
        sendText('hello ✓'),
        sendBinary(Buffer.from([0, 1, 0xff])),
        sendPing('a'),
        sendPong('b'),
        sendText(''),
        sendText('the end'),
        originGot('text the end'),
        release('go'),
        got('text the end'),
      ],
      {
        expect: {
          difference: 'D-websocket-direct-pings',
          clients: {
            client: gotMessages([
              'text hello ✓',
              'binary 0001ff',
              'ping a',
              'pong b',
              'text',
              'text the end',
            ]),
          },
          origin: askedDirectly([
            'text hello ✓',
            'binary 0001ff',
            'ping a',
            'pong b',
            'text',
            'text the end',
          ]),
        },
      },
    ),
    direct(
      'fragments are put together or not, the message is the same',
      accepting([
        { until: 'go' },
        writeFrame(text, 'hel', { fin: false }),
        writeFrame(continuation, 'lo'),
        writeFrame(text, 'the end'),
      ]),
      [
        opened(),
        sendFrame(text, 'hel', { fin: false }),
        sendFrame(continuation, 'lo'),
        originGot('text hello'),
        release('go'),
        got('text the end'),
      ],
    ),
    {
      name: 'what the handshake says goes both ways',
      origin: [
        accepting(
          [],
          [
            ['Sec-WebSocket-Protocol', 'chat'],
            ['Set-Cookie', 'a=b'],
            ['X-Own', 'own'],
          ],
        ),
      ],
      mounts: REMOTE.webSocketOrigin,
      steps: [
        connect('/ws', {
          headers: [
            ['Origin', 'http://page.example'],
            ['Cookie', 'a=b; c=d'],
            ['Sec-WebSocket-Protocol', 'superchat, chat'],
            ['Sec-WebSocket-Extensions', 'permessage-deflate'],
            ['Grip-Sig', 'forged'],
            ['X-Own', 'own'],
          ],
        }),
        opened(),
      ],
    },
    direct(
      'another status refuses, and is relayed whole',
      answer('not you\n', {
        status: 403,
        reason: 'No',
        headers: [
          ['Content-Type', 'text/plain'],
          ['X-Own', 'own'],
        ],
      }),
      [responded()],
      {
        expect: {
          difference: 'D-websocket-direct-refusals',
          clients: { client: gotReply('403 No', 'not you\n', ['content-type: text/plain', 'x-own: own']) },
        },
      },
    ),
    direct(
      'a redirect is relayed',
      answer('', { status: 302, headers: [['Location', '/elsewhere']] }),
      [responded()],
      {
        expect: {
          difference: 'D-websocket-direct-refusals',
          clients: { client: gotReply('302 Found', '', ['location: /elsewhere']) },
        },
      },
    ),
    direct(
      'an accept that is none of the key is a 502',
      {
        raw: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
      },
      [begun(), onOurs(responded())],
      { expect: { difference: 'D-websocket-direct-accept', clients: { client: BAD_GATEWAY } } },
    ),
    direct('an origin that is down is a 502', answer('x'), [responded()], {
      setup: { originDown: true },
      expect: { difference: 'D-websocket-errors', clients: { client: BAD_GATEWAY } },
    }),
    direct(
      'when a target is down the next one is asked',
      accepting([writeFrame(text, 'hello')]),
      [got('text hello')],
      { setup: { deadTargetFirst: true } },
    ),
    direct(
      'a client that closes gets the answer of the origin',
      accepting([], [], { onClose: writeFrame(close, closePayload(1001, 'bye')) }),
      [opened(), sendClose(4000, 'done'), closed(), originClosed()],
    ),
    direct(
      'a client may close without a code',
      accepting(),
      [opened(), sendClose(), closed(), originClosed()],
      {
        expect: {
          difference: 'D-websocket-direct-close-codes',
          origin: askedDirectly(['close 1000'], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'an origin that closes gets the answer of the client',
      accepting([writeFrame(text, 'last'), { until: 'go' }, writeFrame(close, closePayload(4001, 'bye'))]),
      [got('text last'), release('go'), got('close 4001 bye'), originGot('close 4001 bye'), closed()],
    ),
    direct('an origin may close without a code', accepting([writeFrame(close)]), [
      got('close 1000'),
      originGot('close 1000'),
      closed(),
    ]),
    direct(
      'an origin that drops its connection ends that of the client',
      accepting([{ until: 'go' }], [], { cut: true }),
      [opened(), release('go'), closed()],
      {
        expect: {
          difference: 'D-websocket-origin-failures',
          clients: { client: gotLast('close 1011') },
        },
      },
    ),
    direct(
      'a client that is lost is lost for the origin',
      accepting(),
      [opened(), hangUp(), onOurs(originClosed())],
      {
        expect: {
          difference: 'D-websocket-direct-ends',
          origin: askedDirectly([], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'a wrong frame of a client ends its connection, and that to the origin',
      accepting(),
      [opened(), sendFrame(3, 'x'), closed(), onOurs(originClosed())],
      {
        expect: {
          difference: 'D-websocket-direct-ends',
          clients: { client: gotLast('close 1002') },
          origin: askedDirectly([], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'a wrong frame of an origin ends both connections',
      accepting([writeFrame(3, 'x')]),
      [opened(), onOurs(closed()), onOurs(originClosed())],
      {
        expect: {
          difference: 'D-websocket-direct-ends',
          clients: { client: gotLast('close 1011') },
          origin: askedDirectly(['close 1002'], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'without the extension nothing has a meaning',
      accepting([writeFrame(text, 'm:hi'), say({ type: 'detach' }), writeFrame(text, 'the end')]),
      [got('text the end')],
    ),
    direct(
      'with it the prefix is taken off, and messages without are dropped',
      accepting(
        [
          writeFrame(text, 'm:hi'),
          writeFrame(text, 'hi'),
          writeFrame(binary, 'm:\x01'),
          writeFrame(binary, '\x01'),
          writeFrame(ping, 'a'),
          writeFrame(text, 'm:the end'),
        ],
        [GRIP],
      ),
      [got('text the end')],
      {
        expect: {
          difference: 'D-websocket-direct-pings',
          clients: { client: gotMessages(['text hi', 'binary 01', 'ping a', 'text the end']) },
        },
      },
    ),
    direct(
      'the prefix can be another one',
      accepting(
        [writeFrame(text, 'x-hi'), writeFrame(text, 'm:hi'), writeFrame(text, 'x-the end')],
        [['Sec-WebSocket-Extensions', 'grip; message-prefix="x-"']],
      ),
      [got('text the end')],
    ),
    direct('what a client sends has no prefix and no meaning', accepting([], [GRIP]), [
      opened(),
      sendText('c:{"type":"detach"}'),
      sendText('m:hi'),
      originGot('text m:hi'),
    ]),
    direct(
      'the origin subscribes, and gets nothing of what is published',
      accepting(
        [say({ type: 'subscribe', channel: 'ws-direct-1' }), { until: 'go' }, writeFrame(text, 'm:the end')],
        [GRIP],
      ),
      [
        opened(),
        subscribed('ws-direct-1'),
        publish('ws-direct-1', { 'ws-message': 'hello' }),
        got('text hello'),
        release('go'),
        got('text the end'),
      ],
    ),
    direct(
      'a published close closes both sides',
      accepting([say({ type: 'subscribe', channel: 'ws-direct-2' })], [GRIP]),
      [
        opened(),
        subscribed('ws-direct-2'),
        publish('ws-direct-2', { 'ws-message': { action: 'close', code: 4001, reason: 'bye' } }),
        got('close 4001 bye'),
        closed(),
        originClosed(),
      ],
      {
        expect: {
          difference: 'D-websocket-direct-close-codes',
          origin: askedDirectly(['close 1000'], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'detach closes the side of the origin',
      accepting(
        [say({ type: 'subscribe', channel: 'ws-direct-3' }), { until: 'go' }, say({ type: 'detach' })],
        [GRIP],
      ),
      [
        opened(),
        subscribed('ws-direct-3'),
        release('go'),
        originClosed(),
        sendText('to nobody'),
        publish('ws-direct-3', { 'ws-message': 'still here' }),
        got('text still here'),
        sendClose(1000),
        got('close 1000'),
        closed(),
      ],
      {
        expect: {
          difference: 'D-websocket-direct-close-codes',
          origin: askedDirectly(['close 1000'], { connection: 'closed' }),
        },
      },
    ),
    direct(
      'a control message may be in fragments',
      accepting(
        [
          writeFrame(text, 'c:{"type":"subscribe",', { fin: false }),
          writeFrame(continuation, '"channel":"ws-direct-4"}'),
          writeFrame(text, 'm:the end'),
        ],
        [GRIP],
      ),
      [
        got('text the end'),
        onOurs(subscribed('ws-direct-4')),
        onOurs(publish('ws-direct-4', { 'ws-message': 'hello' })),
        onOurs(got('text hello')),
      ],
      {
        expect: {
          difference: 'D-websocket-whole-messages',
          clients: { client: gotMessages(['text the end', 'text hello']) },
        },
      },
    ),
    direct(
      'the prefix may be in fragments',
      accepting(
        [
          writeFrame(text, 'm', { fin: false }),
          writeFrame(continuation, ':hello'),
          writeFrame(text, 'm:the end'),
        ],
        [GRIP],
      ),
      [got('text the end')],
      {
        expect: {
          difference: 'D-websocket-whole-messages',
          clients: { client: gotMessages(['text hello', 'text the end']) },
        },
      },
    ),
    direct(
      'of a message in fragments without the prefix nothing arrives',
      accepting(
        [
          writeFrame(text, 'secret', { fin: false }),
          writeFrame(continuation, 'm:leak'),
          writeFrame(text, 'm:the end'),
        ],
        [GRIP],
      ),
      [got('text the end')],
      {
        expect: {
          difference: 'D-websocket-whole-messages',
          clients: { client: gotMessages(['text the end']) },
        },
      },
    ),
    direct(
      'a target can subscribe every WebSocket to a channel',
      accepting(),
      [
        opened(),
        subscribed('ws-direct-5'),
        publish('ws-direct-5', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
      { setup: { route: { prefix: 'p-' }, target: { subscribe: ['ws-direct-5'] } } },
    ),
    {
      name: 'a route without GRIP passes handshakes and messages',
      setup: { route: { grip: false } },
      origin: [accepting([writeFrame(text, 'm:hi'), writeFrame(text, 'the end')], [GRIP, ['X-Own', 'own']])],
      mounts: REMOTE.webSocketOrigin,
      steps: [
        connect('/ws?x=1', {
          headers: [
            ['Grip-Sig', 'forged'],
            ['X-Own', 'own'],
          ],
        }),
        got('text the end'),
        sendText('hello'),
        originGot('text hello'),
        sendClose(4000, 'done'),
        got('close 4000 done'),
        closed(),
        originClosed(),
      ],
      expect: {
        difference: 'D-websocket-extension',
        clients: {
          client: gotMessages(['text m:hi', 'text the end', 'close 4000 done'], {
            headers: ['sec-websocket-extensions: grip', 'x-own: own'],
            connection: 'closed',
          }),
        },
      },
    },
    {
      name: 'an ordinary request to such an origin is an ordinary request',
      origin: [answer('ordinary')],
      mounts: REMOTE.webSocketOrigin,
      steps: [get('/ws'), responded()],
    },
  ],
};
