import type { Group, Scenario, Setup } from '../scenario.js';
import { asked, closed, onOurs, onReference, responded, within } from '../steps.js';
import { accept, acceptGrip, closeEvent, event, events, messageEvent, textEvent } from '../ws-events.js';
import { askedFor, gotLast, gotMessages } from '../ws-expected.js';
import { connect, got, opened, sendBinary, sendClose, sendPing, sendText } from '../ws-steps.js';

/** A route below whose path clients speak SockJS. */
export const SOCKJS: Setup = { route: { sockjs: '/s' }, target: { overHttp: true } };

/** What the one side sends, and the other gets: the origin answers a message by `answers`. */
function session(name: string, origin: Scenario['origin'], steps: Scenario['steps']): Scenario {
  return {
    name,
    setup: SOCKJS,
    origin,
    steps: [connect('/s/0/open/websocket'), got('text o'), ...steps],
  };
}

/** Clients that speak SockJS by WebSockets, or just WebSocket below its path. */
export const sockjsWebsocket: Group = {
  name: 'sockjs-websocket',
  scenarios: [
    {
      ...session(
        'messages are in frames of SockJS',
        [
          accept(),
          events([textEvent('one "✓"'), textEvent('two')]),
          events([closeEvent(4001, 'bye')]),
          events(),
        ],
        [sendText('["hello"]'), asked(2), got('text a["two"]'), sendText('["again"]'), asked(4), closed()],
      ),
      expect: {
        difference: 'D-sockjs-websocket',
        clients: {
          client: gotLast(
            'text o',
            'text a["one \\"✓\\""]',
            'text a["two"]',
            'text c[4001,"bye"]',
            'close 4001 bye',
          ),
        },
      },
    },
    {
      ...session(
        'pings of the origin mean nothing to SockJS, those of a client nothing to the origin',
        [accept(), events([event('PING', 'a'), event('PONG', 'b'), textEvent('the end')])],
        [sendPing('a'), sendText('["hello"]'), got('text a["the end"]')],
      ),
      expect: {
        difference: 'D-sockjs-websocket',
        clients: { client: gotMessages(['text o', 'pong a', 'text a["the end"]']) },
      },
    },
    session(
      'bytes are text',
      [accept(), events([event('BINARY', 'bytes')])],
      [sendBinary(Buffer.from('["hello"]')), got('text a["bytes"]')],
    ),
    session(
      'a client closes',
      [accept(), events([closeEvent(1000, 'bye')])],
      [sendClose(1000, 'done'), asked(2), closed()],
    ),
    {
      ...session(
        'what is no JSON ends the connection',
        [accept(), events()],
        [sendText('["hello"'), asked(2), closed()],
      ),
      expect: {
        difference: 'D-sockjs-websocket',
        clients: { client: gotLast('text o', 'close 1007 Broken JSON encoding.') },
      },
    },
    {
      ...session(
        'a text may be in no list',
        [accept(), events([textEvent('world')])],
        [sendText('"hello"'), asked(2), onReference(closed()), onOurs(got('text a["world"]'))],
      ),
      expect: {
        difference: 'D-sockjs-websocket',
        clients: { client: gotMessages(['text o', 'text a["world"]']) },
        origin: askedFor(['OPEN\r\n', 'TEXT 5\r\nhello\r\n'], { path: '/s/websocket' }),
      },
    },
    session('it is kept alive', [accept()], [within(25_000, got('text h'))]),
    {
      name: 'a raw WebSocket is a WebSocket',
      setup: SOCKJS,
      origin: [acceptGrip([messageEvent('hi')]), events([messageEvent('world')])],
      steps: [connect('/s/websocket?x=1'), got('text hi'), sendText('hello'), got('text world')],
    },
    {
      name: 'the origin can be asked under another path',
      setup: { ...SOCKJS, route: { sockjs: '/s', sockjsAsPath: '/chat' } },
      origin: [accept()],
      steps: [connect('/s/0/open/websocket?x=1'), got('text o')],
    },
    {
      name: 'so can that of a raw WebSocket',
      setup: { ...SOCKJS, route: { sockjs: '/s', sockjsAsPath: '/chat' } },
      origin: [accept()],
      steps: [connect('/s/websocket?x=1'), opened()],
    },
    {
      name: 'a WebSocket elsewhere below the path',
      setup: SOCKJS,
      origin: [accept()],
      steps: [connect('/s/other'), responded()],
    },
  ],
};
