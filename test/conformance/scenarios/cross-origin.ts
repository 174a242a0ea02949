import { answer, hold } from '../answer.js';
import { type Expectation, type Group, REMOTE, type Scenario } from '../scenario.js';
import { get, publish, received, request, responded, subscribed } from '../steps.js';

const ACO = { route: { autoCrossOrigin: true } } as const;
const ORIGIN = ['Origin', 'https://page.example'] as const;

/** P-8's call: nothing may take it for another type of content, and it has one form for all responses. */
function called(fields: readonly string[], argument: string, callback = 'cb'): Expectation {
  return {
    difference: 'D-jsonp',
    clients: {
      client: {
        replies: [
          {
            status: '200 OK',
            headers: [...fields, 'content-type: application/javascript', 'x-content-type-options: nosniff'],
            body: `/**/${callback}(${argument});\n`,
            end: 'complete',
          },
        ],
      },
    },
  };
}

const scenarios: readonly Scenario[] = [
  {
    name: 'a response gets the fields of CORS',
    setup: ACO,
    origin: [answer('x', { headers: [['X-A', 'a']] })],
    steps: [get('/', { headers: [ORIGIN] }), responded()],
  },
  {
    name: 'a response gets the fields of CORS without Origin too',
    setup: ACO,
    origin: [answer('x')],
    steps: [get('/'), responded()],
  },
  {
    name: 'a preflight goes to the origin, and gets what it asks for',
    setup: ACO,
    origin: [answer('')],
    steps: [
      request('OPTIONS', '/', {
        headers: [
          ORIGIN,
          ['Access-Control-Request-Method', 'PUT'],
          ['Access-Control-Request-Headers', 'X-A, X-B'],
        ],
      }),
      responded(),
    ],
  },
  {
    name: "the origin's own fields of CORS stay",
    setup: ACO,
    origin: [
      answer('x', {
        headers: [
          ['Access-Control-Allow-Origin', 'https://other.example'],
          ['Access-Control-Max-Age', '1'],
        ],
      }),
    ],
    steps: [get('/', { headers: [ORIGIN] }), responded()],
  },
  {
    name: 'an instruct that is answered at once gets the fields of CORS',
    setup: ACO,
    origin: [answer('x', { headers: [['Grip-Channel', 'unused']] })],
    steps: [get('/', { headers: [ORIGIN] }), responded()],
  },
  {
    name: 'an item that answers a poll gets the fields of CORS',
    setup: ACO,
    origin: [hold('response', 'cors-1')],
    steps: [
      get('/', { headers: [ORIGIN] }),
      subscribed('cors-1'),
      publish('cors-1', { 'http-response': 'x' }),
      responded(),
    ],
  },
  {
    name: 'a stream gets the fields of CORS',
    setup: ACO,
    origin: [hold('stream', 'cors-2', { body: 'open' })],
    steps: [get('/', { headers: [ORIGIN] }), received('open')],
  },
  {
    name: 'a JSON-P request gets a call',
    setup: ACO,
    origin: [
      answer('{"a": "ü\\n"}', {
        status: 201,
        headers: [
          ['X-A', 'a'],
          ['Cache-Control', 'no-store'],
        ],
      }),
    ],
    steps: [get('/path?x=1&callback=cb', { headers: [['Accept', 'text/html']] }), responded()],
    expect: called(
      ['cache-control: no-store'],
      '{"code": 201, "reason": "Created", "headers": {"X-A":"a","Cache-Control":"no-store","Content-Length":"13"}, "body": "{\\"a\\": \\"ü\\\\n\\"}"}',
    ),
  },
  {
    name: 'a JSON-P request may choose method, fields and body',
    setup: ACO,
    origin: [answer('done')],
    steps: [
      get(
        `/path?callback=cb&_method=POST&_headers=${encodeURIComponent('{"X-A":"a","Content-Type":"text/x"}')}&_body=the%20body&y=2`,
      ),
      responded(),
    ],
    expect: called(
      [],
      '{"code": 200, "reason": "OK", "headers": {"Content-Type":"text/plain","Content-Length":"4"}, "body": "done"}',
    ),
  },
  {
    name: 'a JSON-P poll is answered by a call',
    setup: ACO,
    origin: [hold('response', 'cors-3')],
    steps: [
      get('/?callback=cb'),
      subscribed('cors-3'),
      publish('cors-3', { 'http-response': { code: 404, headers: { 'X-A': 'a' }, body: 'item' } }),
      responded(),
    ],
    expect: called(
      [],
      '{"code": 404, "reason": "Not Found", "headers": {"Content-Type":"text/plain","X-A":"a"}, "body": "item"}',
    ),
  },
  {
    name: 'basic JSON-P is a call with the body',
    setup: {
      route: {
        autoCrossOrigin: true,
        jsonp: { mode: 'basic', callbackParam: 'cb', bodyParam: 'data', defaultCallback: 'jpcb' },
      },
    },
    origin: [answer('{"a": 1}\n')],
    steps: [get('/?data=%7B%7D'), responded()],
    expect: called([], '{"a": 1}', 'jpcb'),
  },
  {
    name: 'JSON-P fields that are no JSON are refused',
    setup: ACO,
    origin: [answer('x')],
    steps: [get('/?callback=cb&_headers=nojson'), responded()],
  },
  {
    name: 'an error of the proxy gets the fields of CORS',
    setup: { ...ACO, originDown: true },
    origin: [],
    steps: [get('/', { headers: [ORIGIN] }), responded()],
  },
  {
    name: 'without the option callback is a parameter like any other',
    origin: [answer('x')],
    steps: [get('/?callback=cb', { headers: [ORIGIN] }), responded()],
  },
];

/** Responses for pages of other origins: CORS and JSON-P, where they are switched on. */
export const crossOrigin: Group = {
  name: 'cross-origin',
  scenarios: scenarios.map((scenario) => ({ ...scenario, mounts: REMOTE.pages })),
};
