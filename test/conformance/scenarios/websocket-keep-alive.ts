import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import { publish, subscribed, within } from '../steps.js';
import { acceptGrip, controlEvent, events, messageEvent, subscribeEvent } from '../ws-events.js';
import { connect, got, opened, sendText } from '../ws-steps.js';

/** A WebSocket that is kept alive as `keepAlive` says: `message` arrives within `ms` milliseconds. */
function keptAlive(name: string, keepAlive: Record<string, unknown>, message: string, ms = 2000): Scenario {
  return {
    name,
    setup: OVER_HTTP,
    origin: [acceptGrip([controlEvent({ type: 'keep-alive', timeout: 2, ...keepAlive })])],
    steps: [connect('/ws'), opened(), within(ms, got(message))],
  };
}

/** What keeps idle WebSockets alive. */
export const websocketKeepAlive: Group = {
  name: 'websocket-keep-alive',
  scenarios: [
    keptAlive('text', { content: '{}' }, 'text {}'),
    keptAlive('an empty ping', { 'message-type': 'ping', content: '' }, 'ping'),
    keptAlive('a pong', { 'message-type': 'pong', content: 'x' }, 'pong x'),
    keptAlive('bytes', { 'message-type': 'binary', 'content-bin': 'AQI=' }, 'binary 0102'),
    keptAlive('bytes are text where nothing else is said', { 'content-bin': 'aGk=' }, 'text hi'),
    keptAlive('the time may be a string of digits', { content: 'x', timeout: '2' }, 'text x'),
    keptAlive('an unknown mode is the idle one', { content: 'x', mode: 'other' }, 'text x'),
    {
      name: 'it comes again and again',
      setup: OVER_HTTP,
      origin: [acceptGrip([controlEvent({ type: 'keep-alive', content: 'x', timeout: 1 })])],
      steps: [
        connect('/ws'),
        opened(),
        within(1000, got('text x')),
        within(1000, got('text x', { times: 2 })),
        within(1000, got('text x', { times: 3 })),
      ],
    },
    {
      name: 'it comes at intervals, whatever else is sent',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'keep-alive', content: 'x', timeout: 2, mode: 'interval' }),
          subscribeEvent('ws-keep-alive-1'),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-keep-alive-1'),
        publish('ws-keep-alive-1', { 'ws-message': 'item' }),
        within(2000, got('text x')),
        within(2000, got('text x', { times: 2 })),
      ],
    },
    {
      name: 'an item puts it off',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'keep-alive', content: 'x', timeout: 2 }),
          subscribeEvent('ws-keep-alive-2'),
        ]),
      ],
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-keep-alive-2'),
        publish('ws-keep-alive-2', { 'ws-message': 'item' }),
        within(2000, got('text x')),
      ],
    },
    {
      name: 'a later one takes the place of an earlier one',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'keep-alive', content: 'early', timeout: 1 }),
          controlEvent({ type: 'keep-alive', content: 'later', timeout: 2 }),
        ]),
      ],
      steps: [connect('/ws'), opened(), within(2000, got('text later'))],
    },
    {
      name: 'it can be turned off',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([
          controlEvent({ type: 'keep-alive', content: 'x', timeout: 1 }),
          controlEvent({ type: 'keep-alive' }),
          controlEvent({ type: 'send-delayed', content: 'nothing else', timeout: 3 }),
        ]),
      ],
      steps: [connect('/ws'), opened(), within(3000, got('text nothing else'))],
    },
    {
      name: 'messages of the client do not put it off',
      setup: OVER_HTTP,
      origin: [acceptGrip([controlEvent({ type: 'keep-alive', content: 'x', timeout: 1 })]), events()],
      steps: [connect('/ws'), opened(), sendText('1'), within(1000, got('text x'))],
    },
    {
      name: 'it needs no prefix, and says nothing to the origin',
      setup: OVER_HTTP,
      origin: [
        acceptGrip([controlEvent({ type: 'keep-alive', content: 'c:{}', timeout: 1 })]),
        events([messageEvent('answer')]),
      ],
      steps: [connect('/ws'), opened(), within(1000, got('text c:{}')), sendText('1'), got('text answer')],
    },
  ],
};
