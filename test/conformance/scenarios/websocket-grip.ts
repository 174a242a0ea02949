import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import { onOurs, publish, subscribed } from '../steps.js';
import {
  accept,
  acceptGrip,
  controlEvent,
  type EventBytes,
  event,
  events,
  messageEvent,
  textEvent,
} from '../ws-events.js';
import { gotMessages } from '../ws-expected.js';
import { connect, got, opened, sendText } from '../ws-steps.js';

/** What `list` comes to with the given extension of the origin. A ping follows, as it needs no prefix. */
function extension(name: string, value: string | undefined, list: readonly EventBytes[]): Scenario {
  const headers = value === undefined ? [] : [['Sec-WebSocket-Extensions', value] as const];
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept([...list, event('PING', 'the end')], { headers })],
    steps: [connect('/ws'), opened(), got('ping the end')],
  };
}

/** The grip extension, by which an origin says that its messages are marked. */
export const websocketGrip: Group = {
  name: 'websocket-grip',
  scenarios: [
    extension('without the extension nothing has a meaning', undefined, [
      textEvent('m:hi'),
      controlEvent({ type: 'detach' }),
      textEvent('hi'),
    ]),
    extension('with it the prefix is taken off', 'grip', [
      textEvent('m:hi'),
      event('BINARY', 'm:\x01'),
      textEvent('m:'),
      textEvent('m:m:hi'),
    ]),
    extension('messages without the prefix are dropped', 'grip', [
      textEvent('hi'),
      event('BINARY', '\x01'),
      textEvent(''),
      textEvent('m'),
      textEvent('M:hi'),
    ]),
    extension('a control message is text', 'grip', [
      event('BINARY', 'c:{"type":"detach"}'),
      textEvent('m:hi'),
    ]),
    extension('pings and pongs have no prefix', 'grip', [event('PING', 'a'), event('PONG', 'm:b')]),
    extension('the prefix can be empty', 'grip; message-prefix=""', [
      textEvent('hi'),
      textEvent('m:hi'),
      event('BINARY', '\x01'),
      controlEvent({ type: 'set-meta', name: 'a', value: 'b' }),
    ]),
    extension('the prefix can be another one', 'grip; message-prefix=x-', [
      textEvent('x-hi'),
      textEvent('m:hi'),
    ]),
    extension('the prefix can be quoted', 'grip; message-prefix="x;\\"y, "', [
      textEvent('x;"y, hi'),
      textEvent('x;hi'),
    ]),
    extension('of two prefixes the last counts', 'grip; message-prefix=a; message-prefix=b', [
      textEvent('ahi'),
      textEvent('bhi'),
    ]),
    extension('other parameters mean nothing', 'grip; other=1; Message-Prefix=x', [textEvent('m:hi')]),
    extension('a parameter without a value is no extension', 'grip; message-prefix=', [textEvent('m:hi')]),
    extension('a quote that does not end is no extension', 'grip; message-prefix="x', [textEvent('m:hi')]),
    extension('it may be one of several', 'foo; a="b, grip", grip', [textEvent('m:hi')]),
    extension('its name is in lower case', 'GRIP', [textEvent('m:hi')]),
    {
      name: 'later answers need not name it',
      setup: OVER_HTTP,
      origin: [
        acceptGrip(),
        events([textEvent('hi'), messageEvent('prefixed')], {
          headers: [['Sec-WebSocket-Extensions', 'grip; message-prefix=""']],
        }),
      ],
      steps: [connect('/ws'), opened(), sendText('1'), got('text prefixed')],
    },
    {
      name: 'a long message without the prefix is dropped whole',
      setup: OVER_HTTP,
      origin: [acceptGrip([textEvent('x'.repeat(40_000)), event('PING', 'the end')]), events()],
      steps: [connect('/ws'), opened(), onOurs(got('ping the end'))],
      expect: {
        difference: 'D-websocket-whole-messages',
        clients: { client: gotMessages(['ping the end']) },
      },
    },
    {
      name: 'a control message may be long',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([controlEvent({ type: 'subscribe', channel: 'ws-grip-1', comment: 'x'.repeat(40_000) })]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        onOurs(subscribed('ws-grip-1')),
        onOurs(publish('ws-grip-1', { 'ws-message': 'hello' })),
        onOurs(got('text hello')),
      ],
      expect: { difference: 'D-websocket-whole-messages', clients: { client: gotMessages(['text hello']) } },
    },
  ],
};
