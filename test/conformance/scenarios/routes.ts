import { answer, hold } from '../answer.js';
import { type Expectation, type Group, REMOTE } from '../scenario.js';
import { get, publish, received, responded, subscribed } from '../steps.js';
import type { Transcript } from '../transcript.js';

function answered(status: string, body: string): Partial<Transcript> {
  const reply = { status, headers: ['content-type: text/plain'], body, end: 'complete' };
  return { clients: { client: { replies: [reply] } } };
}

/** Where P-8 is middleware, what no route takes is for the rest of the app. */
const APP = answered('404 Not Found', 'from the app');
const NOT_FOUND: Expectation = {
  difference: 'D-route-not-found',
  ...answered('502 Bad Gateway', 'Route not found\n'),
  of: { 'express-remote': APP, 'koa-remote': APP },
};

/** What a route's options do. */
export const routes: Group = {
  name: 'routes',
  scenarios: [
    {
      name: 'a host without a route is a 502',
      setup: { route: { host: 'other.example' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/'), responded()],
      expect: NOT_FOUND,
    },
    {
      name: 'a route can be for one host',
      setup: { route: { host: 'example.com' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/', { host: 'EXAMPLE.com:99' }), responded()],
      expect: {
        difference: 'D-target-untouched',
        origin: [{ line: 'GET /', headers: ['grip-sig: valid', 'host: EXAMPLE.com:99'], body: '' }],
      },
    },
    {
      name: 'a route can be for the beginning of a path',
      setup: { route: { pathPrefix: '/api' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/api/things'), responded()],
    },
    {
      name: 'a route can drop the beginning of a path',
      setup: { route: { pathPrefix: '/api/', pathRemove: 4 } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/api/things?x=1'), responded()],
    },
    {
      name: 'a route can replace the beginning of a path',
      setup: { route: { pathPrefix: '/api/', pathRemove: 5, pathPrepend: '/v2/' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/api/things?x=1'), responded()],
    },
    {
      name: 'a route can set, replace and remove request fields',
      setup: {
        route: {
          headers: [
            ['X-New', 'new'],
            ['X-Old', 'replaced'],
            ['X-Gone', ''],
          ],
        },
      },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [
        get('/', {
          headers: [
            ['X-Old', 'old'],
            ['X-Gone', 'here'],
            ['X-Same', 'same'],
          ],
        }),
        responded(),
      ],
    },
    {
      name: 'a route can replace the host',
      setup: { route: { asHost: 'inside.example:81' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/'), responded()],
    },
    {
      name: 'a target can replace the host',
      setup: { target: { host: 'target.example' } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/'), responded()],
    },
    {
      name: 'a client may choose a route by its id where that is allowed',
      setup: { route: { host: 'other.example', id: 'chosen' }, proxy: { acceptPushpinRoute: true } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/', { headers: [['Pushpin-Route', 'chosen']] }), responded()],
    },
    {
      name: 'an unknown route id is a 502',
      setup: { proxy: { acceptPushpinRoute: true } },
      origin: [answer('x')],
      mounts: REMOTE.routes,
      steps: [get('/', { headers: [['Pushpin-Route', 'unknown']] }), responded()],
      expect: NOT_FOUND,
    },
    {
      name: 'a route without GRIP passes instructs and signs nothing',
      setup: { route: { grip: false } },
      origin: [hold('stream', 'nothing', { body: 'as it is' })],
      mounts: REMOTE.routes,
      steps: [get('/', { headers: [['Grip-Sig', 'forged']] }), responded()],
    },
    {
      name: "a route's prefix stands before the channels of instructs",
      setup: { route: { prefix: 'p-' } },
      origin: [hold('stream', 'news', { body: 'open\n' })],
      steps: [
        get('/'),
        subscribed('p-news'),
        publish('news', { 'http-stream': 'to nobody\n' }),
        publish('p-news', { 'http-stream': 'to all\n' }),
        received('to all'),
      ],
    },
    {
      name: 'a target can subscribe every hold to a channel, without the prefix',
      setup: { route: { prefix: 'p-' }, target: { subscribe: ['everyone'] } },
      origin: [hold('stream', 'news', { body: 'open\n' })],
      mounts: REMOTE.routes,
      steps: [
        get('/'),
        subscribed('p-news'),
        publish('everyone', { 'http-stream': 'to all\n' }),
        received('to all'),
        publish('p-news', { 'http-stream': 'to some\n' }),
        received('to some'),
      ],
    },
  ],
};
