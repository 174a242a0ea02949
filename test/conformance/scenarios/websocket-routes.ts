import { answer } from '../answer.js';
import { type Expectation, type Group, OVER_HTTP, REMOTE } from '../scenario.js';
import { asked, get, publish, responded, subscribed } from '../steps.js';
import { accept, acceptGrip, controlEvent, events, subscribeEvent, textEvent } from '../ws-events.js';
import { askedFor, gotMessages, gotReply } from '../ws-expected.js';
import { connect, connectSigned, got, opened, sendText } from '../ws-steps.js';

const NOT_FOUND: Expectation = {
  difference: 'D-route-not-found',
  clients: { client: gotReply('502 Bad Gateway', 'Route not found\n') },
};

/** What a route's options do to WebSockets. */
export const websocketRoutes: Group = {
  name: 'websocket-routes',
  scenarios: [
    {
      name: 'without a route it is a 502',
      setup: { ...OVER_HTTP, route: { host: 'other.example' } },
      origin: [accept()],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), responded()],
      expect: NOT_FOUND,
    },
    {
      name: 'a route can be for WebSockets',
      setup: { ...OVER_HTTP, route: { protocol: 'ws' } },
      origin: [accept()],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), opened()],
    },
    {
      name: 'a route for HTTP takes no WebSockets',
      setup: { ...OVER_HTTP, route: { protocol: 'http' } },
      origin: [accept()],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), responded()],
      expect: NOT_FOUND,
    },
    {
      name: 'a route can be for the beginning of a path, and replace it',
      setup: { ...OVER_HTTP, route: { pathPrefix: '/api/', pathRemove: 5, pathPrepend: '/v2/' } },
      origin: [accept(), events()],
      mounts: REMOTE.routes,
      steps: [connect('/api/ws?x=1'), opened(), sendText('1'), asked(2)],
    },
    {
      name: 'a route can set, replace and remove fields of the handshake',
      setup: {
        ...OVER_HTTP,
        route: {
          headers: [
            ['X-New', 'new'],
            ['X-Old', 'replaced'],
            ['X-Gone', ''],
          ],
        },
      },
      origin: [accept(), events()],
      mounts: REMOTE.routes,
      steps: [
        connect('/ws', {
          headers: [
            ['X-Old', 'old'],
            ['X-Gone', 'here'],
            ['X-Same', 'same'],
          ],
        }),
        opened(),
        sendText('1'),
        asked(2),
      ],
    },
    {
      name: 'a route can replace the host',
      setup: { ...OVER_HTTP, route: { asHost: 'inside.example:81' } },
      origin: [accept()],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), opened()],
    },
    {
      name: 'a target can replace the host',
      setup: { target: { overHttp: true, host: 'target.example' } },
      origin: [accept()],
      mounts: REMOTE.routes,
      steps: [connect('/ws'), opened()],
    },
    {
      name: 'a route can have a signature of its own',
      setup: { ...OVER_HTTP, route: { sigIss: 'me', sigKey: 'my key' } },
      origin: [accept(), events()],
      steps: [connect('/ws'), opened(), sendText('1'), asked(2)],
    },
    {
      name: 'a target can subscribe every WebSocket to a channel, without the prefix',
      setup: { route: { prefix: 'p-' }, target: { overHttp: true, subscribe: ['ws-routes-1'] } },
      origin: [accept([textEvent('m:as it is')])],
      mounts: REMOTE.routes,
      steps: [
        connect('/ws'),
        got('text m:as it is'),
        subscribed('ws-routes-1'),
        publish('ws-routes-1', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    {
      name: 'an origin cannot leave the channels of its target',
      setup: { target: { overHttp: true, subscribe: ['ws-routes-2'] } },
      origin: [
        acceptGrip([
          controlEvent({ type: 'unsubscribe', channel: 'ws-routes-2' }),
          subscribeEvent('ws-routes-3'),
        ]),
      ],
      mounts: REMOTE.routes,
      steps: [
        connect('/ws'),
        opened(),
        subscribed('ws-routes-3'),
        publish('ws-routes-2', { 'ws-message': 'hello' }),
        got('text hello'),
      ],
    },
    {
      name: 'a route without GRIP offers no extension, and gives it no meaning',
      setup: { ...OVER_HTTP, route: { grip: false } },
      origin: [acceptGrip([textEvent('m:hi'), controlEvent({ type: 'detach' }), textEvent('the end')])],
      mounts: REMOTE.routes,
      steps: [connect('/ws', { headers: [['Grip-Sig', 'forged']] }), got('text the end')],
    },
    {
      name: 'a trusted proxy in front gets the extension, and gives it its meaning',
      setup: { ...OVER_HTTP, proxy: { upstreamKey: 'upstream' } },
      origin: [acceptGrip([textEvent('m:hi'), controlEvent({ type: 'detach' }), textEvent('the end')])],
      steps: [
        connectSigned('/ws', 'upstream', { headers: [['Sec-WebSocket-Extensions', 'grip']] }),
        got('text the end'),
      ],
      expect: {
        difference: 'D-websocket-extension',
        clients: {
          client: gotMessages(['text m:hi', 'text c:{"type":"detach"}', 'text the end'], {
            headers: ['sec-websocket-extensions: grip'],
          }),
        },
      },
    },
    {
      name: 'where X-Forwarded-Proto is believed the origin is told',
      setup: { ...OVER_HTTP, proxy: { acceptXForwardedProtocol: true } },
      origin: [accept()],
      mounts: REMOTE.rewriting,
      steps: [connect('/ws', { headers: [['X-Forwarded-Proto', 'https']] }), opened()],
    },
    {
      name: 'X-Forwarded-Proto may be that of a WebSocket',
      setup: { ...OVER_HTTP, proxy: { acceptXForwardedProtocol: true } },
      origin: [accept()],
      mounts: REMOTE.rewriting,
      steps: [connect('/ws', { headers: [['X-Forwarded-Proto', 'wss']] }), opened()],
    },
    {
      name: 'where it is not believed it is dropped',
      setup: OVER_HTTP,
      origin: [accept()],
      mounts: REMOTE.rewriting,
      steps: [
        connect('/ws', {
          headers: [
            ['X-Forwarded-Proto', 'https'],
            ['X-Forwarded-Protocol', 'https'],
          ],
        }),
        opened(),
      ],
    },
    {
      name: 'X-Forwarded-For passes',
      setup: OVER_HTTP,
      origin: [accept()],
      mounts: REMOTE.rewriting,
      steps: [connect('/ws', { headers: [['X-Forwarded-For', '192.0.2.1']] }), opened()],
    },
    {
      name: "the client's address can be appended",
      setup: { ...OVER_HTTP, proxy: { xForwardedFor: { append: true } } },
      origin: [accept()],
      mounts: REMOTE.rewriting,
      steps: [connect('/ws', { headers: [['X-Forwarded-For', '192.0.2.1']] }), opened()],
      expect: {
        difference: 'D-websocket-forwarded-for',
        origin: askedFor(['OPEN\r\n'], { headers: ['x-forwarded-for: 192.0.2.1, 127.0.0.1'] }),
      },
    },
    {
      name: 'an ordinary request of the same route is an ordinary request',
      setup: OVER_HTTP,
      origin: [answer('ordinary')],
      steps: [get('/ws'), responded()],
    },
  ],
};
