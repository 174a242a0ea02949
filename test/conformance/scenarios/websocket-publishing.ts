import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import {
  asked,
  closed,
  control,
  item,
  onOurs,
  onReference,
  publish,
  publishAll,
  type Step,
  subscribed,
} from '../steps.js';
import type { ReplyTranscript } from '../transcript.js';
import { acceptGrip, closeEvent, events, subscribeEvent } from '../ws-events.js';
import { askedFor, gotMessages } from '../ws-expected.js';
import { connect, got, gotCount, opened, sendClose, sendText } from '../ws-steps.js';

/** Steps with a client that is subscribed to `channel`. */
function listening(channel: string, ...steps: readonly Step[]): Pick<Scenario, 'setup' | 'origin' | 'steps'> {
  return {
    setup: OVER_HTTP,
    origin: [acceptGrip([subscribeEvent(channel)]), events()],
    steps: [connect('/ws'), opened(), subscribed(channel), ...steps],
  };
}

/** Something that the control API is asked to send, and what it answers. Another item follows, which must arrive. */
function asked400(name: string, channel: string, format: unknown): Scenario {
  const body = JSON.stringify({ items: [item(channel, { 'ws-message': format })] });
  return {
    name,
    ...listening(
      channel,
      control('POST', '/publish/', [], body),
      publish(channel, { 'ws-message': 'the end' }),
      got('text the end'),
    ),
  };
}

/** What the control API answers to an item that is refused. */
function refusal(text: string): ReplyTranscript {
  const headers = ['content-type: text/plain'];
  return { status: '400 Bad Request', headers, body: `Invalid format: ${text}\n`, end: 'complete' };
}

/** An item that no frame can carry, and what becomes of it where it is taken. */
function unsendable(name: string, channel: string, format: unknown, outcome: Step, text: string): Scenario {
  const body = JSON.stringify({ items: [item(channel, { 'ws-message': format })] });
  return {
    name,
    ...listening(
      channel,
      control('POST', '/publish/', [], body),
      onReference(outcome),
      onReference(asked(2)),
    ),
    expect: {
      difference: 'D-websocket-unsendable',
      clients: { client: gotMessages([]) },
      origin: askedFor(['OPEN\r\n']),
      control: [refusal(text)],
    },
  };
}

/** What reaches a client that is subscribed. */
export const websocketPublishing: Group = {
  name: 'websocket-publishing',
  scenarios: [
    {
      name: 'text, binary, pings and pongs',
      ...listening(
        'ws-publishing-1',
        publish('ws-publishing-1', { 'ws-message': 'hello ✓' }),
        publish('ws-publishing-1', { 'ws-message': { 'content-bin': 'AAH/' } }),
        publish('ws-publishing-1', { 'ws-message': { type: 'ping', content: 'a' } }),
        publish('ws-publishing-1', { 'ws-message': { type: 'pong', content: 'b' } }),
        got('pong b'),
      ),
    },
    {
      name: 'an empty ping',
      ...listening(
        'ws-publishing-23',
        publish('ws-publishing-23', { 'ws-message': { type: 'ping' } }),
        publish('ws-publishing-23', { 'ws-message': { type: 'pong', content: '' } }),
        publish('ws-publishing-23', { 'ws-message': 'the end' }),
        got('text the end'),
      ),
      expect: {
        difference: 'D-websocket-empty-pings',
        clients: { client: gotMessages(['ping', 'pong', 'text the end']) },
      },
    },
    {
      name: 'the type can be said',
      ...listening(
        'ws-publishing-2',
        publish('ws-publishing-2', { 'ws-message': { type: 'binary', content: 'hello' } }),
        publish('ws-publishing-2', { 'ws-message': { type: 'text', 'content-bin': 'aGVsbG8=' } }),
        publish('ws-publishing-2', { 'ws-message': { content: 'text', 'content-bin': 'Ynl0ZXM=' } }),
        publish('ws-publishing-2', { 'ws-message': { action: 'send', content: 'the end' } }),
        got('text the end'),
      ),
    },
    {
      name: 'an empty message',
      ...listening(
        'ws-publishing-3',
        publish('ws-publishing-3', { 'ws-message': '' }),
        publish('ws-publishing-3', { 'ws-message': { 'content-bin': '' } }),
        got('binary'),
      ),
    },
    {
      name: 'what is published needs no prefix',
      ...listening(
        'ws-publishing-4',
        publish('ws-publishing-4', { 'ws-message': 'm:hello' }),
        publish('ws-publishing-4', { 'ws-message': 'c:{"type":"detach"}' }),
        got('text c:{"type":"detach"}'),
      ),
    },
    {
      name: 'items for other kinds of clients and other channels are not for this one',
      ...listening(
        'ws-publishing-5',
        publish('ws-publishing-5', { 'http-stream': 'to streams', 'http-response': 'to polls' }),
        publish('ws-publishing-5-other', { 'ws-message': 'to others' }),
        publish('ws-publishing-5', { 'http-stream': 'to streams', 'ws-message': 'to all' }),
        got('text to all'),
      ),
    },
    {
      name: 'each subscriber gets each item, in order',
      setup: OVER_HTTP,
      origin: [acceptGrip([subscribeEvent('ws-publishing-6')])],
      steps: [
        connect('/ws', { client: 'first' }),
        opened('first'),
        connect('/ws', { client: 'second' }),
        opened('second'),
        subscribed('ws-publishing-6', 2),
        publishAll(['one', 'two', 'three'].map((text) => item('ws-publishing-6', { 'ws-message': text }))),
        got('text three', { client: 'first' }),
        got('text three', { client: 'second' }),
      ],
    },
    {
      name: 'an item for a channel that is subscribed to by two origins reaches both',
      setup: OVER_HTTP,
      origin: {
        '/a': [acceptGrip([subscribeEvent('ws-publishing-7')])],
        '/b': [acceptGrip([subscribeEvent('ws-publishing-7')])],
      },
      steps: [
        connect('/a', { client: 'first' }),
        opened('first'),
        connect('/b', { client: 'second' }),
        opened('second'),
        subscribed('ws-publishing-7', 2),
        publish('ws-publishing-7', { 'ws-message': 'hello' }),
        got('text hello', { client: 'first' }),
        got('text hello', { client: 'second' }),
      ],
    },
    {
      name: 'a client that has left gets nothing, others do',
      setup: OVER_HTTP,
      origin: {
        '/a': [acceptGrip([subscribeEvent('ws-publishing-8')]), events([closeEvent(1000)])],
        '/b': [acceptGrip([subscribeEvent('ws-publishing-8')])],
      },
      steps: [
        connect('/a', { client: 'first' }),
        opened('first'),
        connect('/b', { client: 'second' }),
        opened('second'),
        subscribed('ws-publishing-8', 2),
        sendClose(1000, undefined, 'first'),
        closed('first'),
        publish('ws-publishing-8', { 'ws-message': 'hello' }),
        got('text hello', { client: 'second' }),
      ],
    },
    {
      name: 'a long item arrives whole',
      ...listening(
        'ws-publishing-9',
        publish('ws-publishing-9', { 'ws-message': 'x'.repeat(8000) }),
        publish('ws-publishing-9', { 'ws-message': 'the end' }),
        got('text the end'),
      ),
    },
    {
      name: 'an item of any length arrives whole',
      ...listening(
        'ws-publishing-10',
        publish('ws-publishing-10', { 'ws-message': 'x'.repeat(300_000) }),
        gotCount(1),
        publish('ws-publishing-10', { 'ws-message': 'the end' }),
        got('text the end'),
      ),
    },
    {
      name: 'a second item with the same id is dropped',
      ...listening(
        'ws-publishing-11',
        publish('ws-publishing-11', { 'ws-message': 'one' }, { id: '1' }),
        publish('ws-publishing-11', { 'ws-message': 'again' }, { id: '1' }),
        publish('ws-publishing-11', { 'ws-message': 'two' }, { id: '2', 'prev-id': '1' }),
        got('text two'),
      ),
    },
    {
      name: 'an item waits for the one before it',
      ...listening(
        'ws-publishing-12',
        publish('ws-publishing-12', { 'ws-message': 'one' }, { id: '1' }),
        publish('ws-publishing-12', { 'ws-message': 'three' }, { id: '3', 'prev-id': '2' }),
        publish('ws-publishing-12', { 'ws-message': 'two' }, { id: '2', 'prev-id': '1' }),
        got('text three'),
      ),
    },
    {
      name: 'no-seq does not wait',
      ...listening(
        'ws-publishing-13',
        publish('ws-publishing-13', { 'ws-message': 'one' }, { id: '1' }),
        publish('ws-publishing-13', { 'ws-message': 'three' }, { id: '3', 'prev-id': '2', 'no-seq': true }),
        got('text three'),
      ),
    },
    {
      name: 'content-filters have to be those of the subscription',
      ...listening(
        'ws-publishing-14',
        publish('ws-publishing-14', { 'ws-message': { content: 'no', 'content-filters': ['var-subst'] } }),
        publish('ws-publishing-14', { 'ws-message': { content: 'yes', 'content-filters': [] } }),
        got('text yes'),
      ),
    },
    {
      name: 'close with a code and a reason',
      ...listening(
        'ws-publishing-15',
        publish('ws-publishing-15', { 'ws-message': { action: 'close', code: 4001, reason: 'go ✓' } }),
        got('close 4001 go ✓'),
        asked(2),
      ),
    },
    {
      name: 'close without a code is 1000',
      ...listening(
        'ws-publishing-16',
        publish('ws-publishing-16', { 'ws-message': { action: 'close' } }),
        got('close 1000'),
        asked(2),
      ),
    },
    {
      name: 'a reason without a code',
      ...listening(
        'ws-publishing-17',
        publish('ws-publishing-17', { 'ws-message': { action: 'close', reason: 'bye' } }),
        gotCount(1),
        asked(2),
      ),
      expect: { difference: 'D-websocket-close-codes', clients: { client: gotMessages(['close 1000 bye']) } },
    },
    {
      name: 'a code may be a string of digits',
      ...listening(
        'ws-publishing-18',
        publish('ws-publishing-18', { 'ws-message': { action: 'close', code: '1001' } }),
        got('close 1001'),
        asked(2),
      ),
    },
    {
      name: 'an origin that answers the CLOSE of a published close sees no other',
      setup: OVER_HTTP,
      origin: [acceptGrip([subscribeEvent('ws-publishing-19')]), events([closeEvent(1000)])],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-publishing-19'),
        publish('ws-publishing-19', { 'ws-message': { action: 'close', code: 4001, reason: 'bye' } }),
        got('close 4001 bye'),
        asked(2),
        closed(),
      ],
    },
    {
      name: 'a hint is taken and does nothing',
      ...listening(
        'ws-publishing-20',
        publish('ws-publishing-20', { 'ws-message': { action: 'hint' } }),
        publish('ws-publishing-20', { 'ws-message': 'the end' }),
        got('text the end'),
      ),
    },
    {
      name: 'refresh asks the origin',
      setup: OVER_HTTP,
      origin: [acceptGrip([subscribeEvent('ws-publishing-21')]), events()],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-publishing-21'),
        control(
          'POST',
          '/publish/',
          [],
          JSON.stringify({ items: [item('ws-publishing-21', { 'ws-message': { action: 'refresh' } })] }),
        ),
        onOurs(asked(2)),
      ],
      expect: {
        difference: 'D-websocket-refresh',
        origin: askedFor(['OPEN\r\n', '']),
        control: [
          { status: '200 OK', headers: ['content-type: text/plain'], body: 'Published\n', end: 'complete' },
        ],
      },
    },
    {
      name: 'an item can be published to a channel while a request is under way',
      setup: OVER_HTTP,
      origin: [acceptGrip([subscribeEvent('ws-publishing-22')]), events()],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-publishing-22'),
        sendText('1'),
        asked(2),
        publish('ws-publishing-22', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    asked400('text without content is refused', 'ws-publishing-30', { type: 'text' }),
    asked400('content that is no text is refused', 'ws-publishing-31', { content: 5 }),
    asked400('an unknown type is refused', 'ws-publishing-32', { type: 'unknown', content: 'x' }),
    {
      ...asked400('an unknown action is refused', 'ws-publishing-33', { action: 'unknown', content: 'x' }),
      expect: {
        difference: 'D-error-texts',
        control: [refusal("'ws-message' contains 'action' with unknown value")],
      },
    },
    asked400('a negative code is refused', 'ws-publishing-34', { action: 'close', code: -1 }),
    asked400('a code that is no number is refused', 'ws-publishing-35', { action: 'close', code: [] }),
    asked400('content-filters that are no list are refused', 'ws-publishing-36', {
      content: 'x',
      'content-filters': 'skip-self',
    }),
    asked400('a format that is no object is refused', 'ws-publishing-37', ['x']),
    unsendable(
      'a ping that is too long for a frame',
      'ws-publishing-40',
      { type: 'ping', content: 'x'.repeat(126) },
      closed(),
      "'ws-message' contains 'content' with invalid value: a ping holds at most 125 bytes",
    ),
    unsendable(
      'a code that cannot be sent',
      'ws-publishing-41',
      { action: 'close', code: 1005 },
      got('close 1005'),
      "'ws-message' contains 'code' with invalid value: not a close code that may be sent",
    ),
    unsendable(
      'a reason that is too long for a frame',
      'ws-publishing-42',
      { action: 'close', code: 1000, reason: 'x'.repeat(124) },
      closed(),
      "'ws-message' contains 'reason' with invalid value: more than 123 bytes",
    ),
  ],
};
