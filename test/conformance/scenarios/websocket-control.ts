import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import { asked, closed, onOurs, onReference, publish, subscribed, within } from '../steps.js';
import { acceptGrip, controlEvent, events, messageEvent, subscribeEvent } from '../ws-events.js';
import { askedFor, gotMessages } from '../ws-expected.js';
import { connect, got, opened, sendClose, sendText } from '../ws-steps.js';

/** A control message that makes no sense: the reference gives up the connection after 8 seconds. */
function invalid(name: string, channel: string, message: unknown): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [acceptGrip([controlEvent(message), subscribeEvent(channel)]), events()],
    steps: [
      connect('/ws'),
      opened(),
      subscribed(channel),
      onReference(within(10_000, closed())),
      onReference(asked(2)),
      onOurs(publish(channel, { 'ws-message': 'still here' })),
      onOurs(got('text still here')),
    ],
    expect: {
      difference: 'D-websocket-control-messages',
      clients: { client: gotMessages(['text still here']) },
      origin: askedFor(['OPEN\r\n']),
    },
  };
}

/** What an origin can say with control messages. */
export const websocketControl: Group = {
  name: 'websocket-control',
  scenarios: [
    {
      name: 'subscribe',
      setup: OVER_HTTP,
      origin: [acceptGrip(), events([subscribeEvent('ws-control-1'), messageEvent('subscribed')])],
      steps: [
        connect('/ws'),
        opened(),
        sendText('1'),
        got('text subscribed'),
        subscribed('ws-control-1'),
        publish('ws-control-1', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    {
      name: 'subscribe twice is once',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          subscribeEvent('ws-control-2'),
          subscribeEvent('ws-control-2'),
          subscribeEvent('ws-control-3'),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-3'),
        publish('ws-control-2', { 'ws-message': 'one' }),
        publish('ws-control-3', { 'ws-message': 'two' }),
        got('text two'),
      ],
    },
    {
      name: "the route's prefix stands before channels",
      setup: { ...OVER_HTTP, route: { prefix: 'p-' } },
      origin: [acceptGrip([subscribeEvent('ws-control-4')])],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('p-ws-control-4'),
        publish('ws-control-4', { 'ws-message': 'to nobody' }),
        publish('p-ws-control-4', { 'ws-message': 'to all' }),
        got('text to all'),
      ],
    },
    {
      name: 'unsubscribe',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([subscribeEvent('ws-control-5'), subscribeEvent('ws-control-6')]),
        events([
          controlEvent({ type: 'unsubscribe', channel: 'ws-control-5' }),
          controlEvent({ type: 'unsubscribe', channel: 'never' }),
          subscribeEvent('ws-control-7'),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-6'),
        sendText('1'),
        subscribed('ws-control-7'),
        publish('ws-control-5', { 'ws-message': 'to nobody' }),
        publish('ws-control-6', { 'ws-message': 'to all' }),
        got('text to all'),
      ],
    },
    {
      name: 'a connection has at most 20 subscriptions',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          ...Array.from({ length: 21 }, (_, i) => subscribeEvent(`ws-control-8-${i + 1}`)),
          messageEvent('all'),
        ]),
      ],
      steps: [
        connect('/ws'),
        got('text all'),
        subscribed('ws-control-8-20'),
        publish('ws-control-8-21', { 'ws-message': 'too many' }),
        publish('ws-control-8-20', { 'ws-message': 'the last' }),
        got('text the last'),
      ],
    },
    {
      name: 'set-meta is what filters look at',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'set-meta', name: 'user', value: 'alice' }),
          subscribeEvent('ws-control-9', ['skip-self', 'var-subst']),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-9'),
        publish('ws-control-9', { 'ws-message': 'from alice' }, { meta: { sender: 'alice' } }),
        publish(
          'ws-control-9',
          { 'ws-message': { content: 'hello %(user)s', 'content-filters': ['var-subst'] } },
          { meta: { sender: 'bob' } },
        ),
        got('text hello alice'),
      ],
    },
    {
      name: 'set-meta without a value removes it',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'set-meta', name: 'user', value: 'alice' }),
          controlEvent({ type: 'set-meta', name: 'user' }),
          subscribeEvent('ws-control-10', ['skip-self']),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-10'),
        publish('ws-control-10', { 'ws-message': 'from alice' }, { meta: { sender: 'alice' } }),
        got('text from alice'),
      ],
    },
    {
      name: 'subscribe again replaces the filters',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'set-meta', name: 'user', value: 'alice' }),
          subscribeEvent('ws-control-11', ['skip-self']),
          subscribeEvent('ws-control-11'),
          subscribeEvent('ws-control-12'),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-12'),
        publish('ws-control-11', { 'ws-message': 'from alice' }, { meta: { sender: 'alice' } }),
        got('text from alice'),
      ],
    },
    {
      name: 'an unknown filter changes nothing',
      setup: OVER_HTTP,
      origin: [acceptGrip([subscribeEvent('ws-control-13', ['unknown'])])],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-13'),
        publish('ws-control-13', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    {
      name: 'skip-users',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'set-meta', name: 'user', value: 'alice' }),
          subscribeEvent('ws-control-14', ['skip-users']),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-14'),
        publish('ws-control-14', { 'ws-message': 'not alice' }, { meta: { skip_users: 'bob, alice' } }),
        publish('ws-control-14', { 'ws-message': 'not bob' }, { meta: { skip_users: 'bob' } }),
        got('text not bob'),
      ],
    },
    {
      name: 'send-delayed sends after its time',
      setup: OVER_HTTP,
      origin: [acceptGrip([controlEvent({ type: 'send-delayed', content: 'late', timeout: 2 })])],
      steps: [connect('/ws'), opened(), within(2000, got('text late'))],
    },
    {
      name: 'send-delayed sends what waits already at once',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'send-delayed', content: 'one', timeout: 60 }),
          controlEvent({
            type: 'send-delayed',
            'message-type': 'binary',
            'content-bin': 'AQI=',
            timeout: 60,
          }),
          controlEvent({ type: 'send-delayed', 'message-type': 'ping', content: 'three' }),
        ]),
      ],
      steps: [connect('/ws'), got('text one'), got('binary 0102'), within(1000, got('ping three'))],
    },
    {
      name: 'flush-delayed sends what waits',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'flush-delayed' }),
          controlEvent({ type: 'send-delayed', content: 'one', timeout: 60 }),
          controlEvent({ type: 'flush-delayed' }),
        ]),
      ],
      steps: [connect('/ws'), got('text one')],
    },
    {
      name: 'detach leaves the client to the proxy',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([subscribeEvent('ws-control-15')]),
        events([controlEvent({ type: 'detach' })]),
        events(),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-15'),
        sendText('1'),
        asked(3),
        sendText('to nobody'),
        publish('ws-control-15', { 'ws-message': 'still here' }),
        got('text still here'),
        sendText('to nobody either'),
        publish('ws-control-15', { 'ws-message': { action: 'close', code: 4000, reason: 'enough' } }),
        got('close 4000 enough'),
        closed(),
      ],
    },
    {
      name: 'a Close of a detached client is answered by the proxy',
      setup: OVER_HTTP,
      origin: [acceptGrip(), events([controlEvent({ type: 'detach' })]), events()],
      steps: [
        connect('/ws'),
        opened(),
        sendText('1'),
        asked(3),
        sendClose(4000, 'bye'),
        got('close 1000'),
        closed(),
      ],
    },
    {
      name: 'a session id says nothing to clients',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'session', id: 'sid' }),
          controlEvent({ type: 'session' }),
          messageEvent('hi'),
        ]),
      ],
      steps: [connect('/ws'), got('text hi')],
    },
    {
      name: 'unknown keys mean nothing',
      setup: OVER_HTTP,
      origin: [acceptGrip([controlEvent({ type: 'subscribe', channel: 'ws-control-16', other: [1] })])],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-control-16'),
        publish('ws-control-16', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    invalid('no JSON', 'ws-control-20', 'nonsense'),
    invalid('no object', 'ws-control-21', []),
    invalid('an unknown type', 'ws-control-22', { type: 'close' }),
    invalid('subscribe without a channel', 'ws-control-23', { type: 'subscribe' }),
    invalid('filters that are no list', 'ws-control-24', {
      type: 'subscribe',
      channel: 'ws-control-x',
      filters: 'skip-self',
    }),
    invalid('a negative time', 'ws-control-25', { type: 'keep-alive', content: 'x', timeout: -1 }),
  ],
};
