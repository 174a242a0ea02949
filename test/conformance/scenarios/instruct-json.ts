import { instruct } from '../answer.js';
import type { Group, Scenario } from '../scenario.js';
import { get, onOurs, onReference, publish, received, responded, subscribed, within } from '../steps.js';
import type { ReplyTranscript } from '../transcript.js';

const RESPONSE = { code: 200, headers: { 'Content-Type': 'text/plain' }, body: 'hello world' };

/** A JSON instruct that is answered at once. */
function immediate(name: string, json: unknown): Scenario {
  return { name, origin: [instruct(json)], steps: [get('/'), responded()] };
}

/** A JSON instruct that is not valid: a 502 that says why, as the route is for debugging. */
function invalid(json: unknown): Scenario {
  return {
    name: `${JSON.stringify(json)} is refused`,
    setup: { route: { debug: true } },
    origin: [instruct(json)],
    steps: [get('/'), responded()],
  };
}

function invalidHold(hold: unknown): Scenario {
  return invalid({ hold, response: RESPONSE });
}

function invalidResponse(response: unknown): Scenario {
  return invalid({ response });
}

/** The reference takes anything for a number, down to a status of 0. */
function loose(response: unknown): Scenario {
  const reply = refusal("response contains 'code' with wrong type");
  return {
    ...invalidResponse(response),
    expect: { difference: 'D-integers', clients: { client: { replies: [reply] } } },
  };
}

/** A hold that the reference refuses as null is no value. P-8 takes null for a key that is left out. */
function nullInHold(hold: unknown): Scenario {
  return {
    ...invalidHold(hold),
    name: `hold ${JSON.stringify(hold)} is taken`,
    steps: [get('/'), onReference(responded()), onOurs(received('hello world'))],
    expect: { difference: 'D-null', clients: { client: { replies: [replied('hello world', 'open')] } } },
  };
}

function nullInResponse(response: unknown, body: string): Scenario {
  const reply = { ...replied(body, 'complete'), headers: [] };
  return {
    ...invalidResponse(response),
    name: `response ${JSON.stringify(response)} is taken`,
    expect: { difference: 'D-null', clients: { client: { replies: [reply] } } },
  };
}

function replied(body: string, end: string): ReplyTranscript {
  return { status: '200 OK', headers: ['content-type: text/plain'], body, end };
}

function refusal(reason: string): ReplyTranscript {
  const body = `Failed to parse accept instructions: ${reason}\n`;
  return { status: '502 Bad Gateway', headers: ['content-type: text/plain'], body, end: 'complete' };
}

/** Instructs in JSON bodies. */
export const instructJson: Group = {
  name: 'instruct-json',
  scenarios: [
    immediate('a JSON instruct without a hold is answered at once', { response: RESPONSE }),
    immediate('a code gets its standard reason', { response: { code: 404, body: 'x' } }),
    immediate('a reason may be given', { response: { code: 404, reason: 'Gone Fishing', body: 'x' } }),
    immediate('headers may be a list, with a name twice', {
      response: {
        headers: [
          ['X-B', '1'],
          ['X-A', '2'],
          ['X-B', '3'],
        ],
        body: 'x',
      },
    }),
    immediate('body-bin is base64, and wins over body', { response: { 'body-bin': 'AP/+', body: 'x' } }),
    immediate('unknown keys are no error', { unknown: 1, response: { body: 'x', unknown: [] } }),
    immediate('a code may be a string of digits', { response: { code: '404', body: 'x' } }),
    nullInResponse({ reason: null, body: '' }, ''),
    nullInResponse({ headers: null, body: '' }, ''),
    nullInResponse({ 'body-bin': null, body: 'x' }, 'x'),
    {
      name: 'an instruct without a hold and a body is an empty response',
      origin: [instruct({})],
      steps: [get('/'), responded()],
      expect: {
        difference: 'D-json-without-body',
        clients: { client: { replies: [{ status: '200 OK', headers: [], body: '', end: 'complete' }] } },
      },
    },
    {
      name: "the origin's own fields do not reach the client",
      origin: [
        instruct(
          { response: RESPONSE },
          {
            headers: [
              ['X-Origin', 'x'],
              ['Set-Cookie', 'a=1'],
            ],
          },
        ),
      ],
      steps: [get('/'), responded()],
    },
    {
      name: 'Grip-Status is the code where the JSON has none',
      origin: [instruct({ response: { body: 'x' } }, { headers: [['Grip-Status', '404 Gone Fishing']] })],
      steps: [get('/'), responded()],
    },
    {
      name: 'a response hold is answered by an item',
      origin: [instruct({ hold: { mode: 'response', channels: [{ name: 'json-r' }] }, response: RESPONSE })],
      steps: [get('/'), subscribed('json-r'), publish('json-r', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'the mode of a hold is response unless given',
      origin: [instruct({ hold: { channels: [{ name: 'json-d' }] }, response: RESPONSE })],
      steps: [get('/'), subscribed('json-d'), publish('json-d', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'a hold without a response is answered by an item',
      origin: [instruct({ hold: { channels: [{ name: 'json-n' }] } })],
      steps: [get('/'), subscribed('json-n'), publish('json-n', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'a stream hold gets items',
      origin: [instruct({ hold: { mode: 'stream', channels: [{ name: 'json-s' }] }, response: RESPONSE })],
      steps: [
        get('/'),
        subscribed('json-s'),
        publish('json-s', { 'http-stream': ' item' }),
        received('item'),
      ],
    },
    {
      name: 'channels of the JSON come on top of those of the fields',
      origin: [
        instruct(
          { hold: { mode: 'stream', channels: [{ name: 'json-1' }] }, response: { body: 'open ' } },
          { headers: [['Grip-Channel', 'json-2']] },
        ),
      ],
      steps: [
        get('/'),
        subscribed('json-1'),
        subscribed('json-2'),
        publish('json-1', { 'http-stream': 'one ' }),
        publish('json-2', { 'http-stream': 'two ' }),
        received('two'),
      ],
    },
    {
      name: 'the JSON wins over Grip-Hold',
      origin: [
        instruct(
          { hold: { mode: 'stream', channels: [{ name: 'json-w' }] }, response: { body: 'open ' } },
          { headers: [['Grip-Hold', 'response']] },
        ),
      ],
      steps: [get('/'), subscribed('json-w'), publish('json-w', { 'http-stream': 'item' }), received('item')],
    },
    {
      name: 'a content type with a charset is an instruct too',
      origin: [
        {
          headers: [['Content-Type', 'application/grip-instruct; charset=utf-8']],
          body: JSON.stringify({ response: RESPONSE }),
        },
      ],
      steps: [get('/'), responded()],
    },
    {
      name: 'meta and filters of a hold apply',
      origin: [
        instruct({
          hold: {
            mode: 'stream',
            channels: [{ name: 'json-f', filters: ['skip-self'] }],
            meta: { user: 'alice' },
          },
          response: { body: 'open ' },
        }),
      ],
      steps: [
        get('/'),
        subscribed('json-f'),
        publish('json-f', { 'http-stream': 'mine ' }, { meta: { sender: 'alice' } }),
        publish('json-f', { 'http-stream': 'yours' }, { meta: { sender: 'bob' } }),
        received('yours'),
      ],
    },
    {
      name: 'the status of a JSON instruct must be 200',
      setup: { route: { debug: true } },
      origin: [instruct({ response: RESPONSE }, { status: 201 })],
      steps: [get('/'), responded()],
    },
    {
      name: 'without debugging an invalid JSON instruct is a 502 that says nothing',
      origin: [instruct('{')],
      steps: [get('/'), responded()],
    },
    invalid('{'),
    invalid(''),
    invalid('"text"'),
    invalid([]),
    invalidHold('response'),
    invalidHold(null),
    invalidHold({ mode: 'response' }),
    invalidHold({ mode: 1, channels: [] }),
    invalidHold({ mode: 'none', channels: [] }),
    invalidHold({ channels: {} }),
    invalidHold({ channels: ['a'] }),
    invalidHold({ channels: [{}] }),
    invalidHold({ channels: [{ name: 1 }] }),
    invalidHold({ channels: [{ name: 'a', 'prev-id': 1 }] }),
    invalidHold({ channels: [{ name: 'a', filters: 'skip-self' }] }),
    invalidHold({ channels: [{ name: 'a', filters: [1] }] }),
    invalidHold({ channels: [], timeout: null }),
    invalidHold({ channels: [], timeout: -1 }),
    {
      ...nullInHold({ mode: null, channels: [] }),
      steps: [get('/'), onReference(responded()), onOurs(within(56_000, responded()))],
      expect: {
        difference: 'D-null',
        clients: { client: { replies: [replied('hello world', 'complete')] } },
      },
    },
    invalidHold({ channels: null }),
    nullInHold({ mode: 'stream', channels: [], 'keep-alive': null }),
    nullInHold({ mode: 'stream', channels: [], meta: null }),
    nullInHold({ mode: 'stream', channels: [{ name: 'a', 'prev-id': null }] }),
    nullInHold({ mode: 'stream', channels: [{ name: 'a', filters: null }] }),
    invalidHold({ channels: [], 'keep-alive': 'x' }),
    invalidHold({ mode: 'stream', channels: [], 'keep-alive': { content: 1 } }),
    invalidHold({ mode: 'stream', channels: [], 'keep-alive': { content: 'x', timeout: -1 } }),
    invalidHold({ channels: [], meta: [] }),
    invalidHold({ channels: [], meta: { a: 1 } }),
    {
      ...invalidResponse(null),
      expect: {
        difference: 'D-error-texts',
        clients: { client: { replies: [refusal("instruct contains 'response' with wrong type")] } },
      },
    },
    invalidResponse({ code: {}, body: '' }),
    invalidResponse({ code: 1000, body: '' }),
    invalidResponse({ reason: 1, body: '' }),
    invalidResponse({ headers: 'x', body: '' }),
    invalidResponse({ headers: ['x'], body: '' }),
    invalidResponse({ headers: [['x']], body: '' }),
    invalidResponse({ headers: [[1, 'x']], body: '' }),
    invalidResponse({ headers: [['x', 1]], body: '' }),
    invalidResponse({ headers: { a: 1 }, body: '' }),
    invalidResponse({ body: 1 }),
    nullInResponse({ body: null }, ''),
    invalidResponse({ 'body-bin': 1 }),
    loose({ code: 'abc', body: '' }),
    loose({ code: true, body: '' }),
    loose({ code: 200.5, body: '' }),
  ],
};
