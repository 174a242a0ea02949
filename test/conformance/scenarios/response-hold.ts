import { answer, hold, instruct } from '../answer.js';
import type { Group } from '../scenario.js';
import {
  closed,
  get,
  item,
  onReference,
  post,
  publish,
  publishAll,
  request,
  responded,
  send,
  subscribed,
  within,
} from '../steps.js';
import type { ReplyTranscript } from '../transcript.js';

function emptyBody(status: string): ReplyTranscript {
  return { status, headers: ['content-type: text/plain'], body: '', end: 'complete' };
}

const TAGGED = hold('response', 'poll-29', { body: 'nothing', headers: [['ETag', '"1"']] });

/** Long-polling: a client is held until one item answers it. */
export const responseHold: Group = {
  name: 'response-hold',
  scenarios: [
    {
      name: 'an item answers, with the status and the fields of the instruct',
      origin: [hold('response', 'poll-1', { body: 'nothing\n', headers: [['X-A', 'a']] })],
      steps: [get('/'), subscribed('poll-1'), publish('poll-1', { 'http-response': 'item\n' }), responded()],
    },
    {
      name: "an item's code, reason and fields win over the instruct's",
      origin: [
        hold('response', 'poll-2', {
          status: 202,
          headers: [
            ['X-Same', 'instruct'],
            ['X-Instruct', 'instruct'],
            ['Content-Length', '0'],
          ],
        }),
      ],
      steps: [
        get('/'),
        subscribed('poll-2'),
        publish('poll-2', {
          'http-response': {
            code: 404,
            reason: 'Gone Fishing',
            headers: {
              'x-same': 'item',
              'X-Item': 'item',
              'Content-Type': 'text/html',
              'Content-Length': '99',
            },
            body: 'item',
          },
        }),
        responded(),
      ],
    },
    {
      name: "the instruct's status is not that of an item without a code",
      origin: [hold('response', 'poll-3', { status: 404 })],
      steps: [get('/'), subscribed('poll-3'), publish('poll-3', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'fields of an item may be a list, with a name twice',
      origin: [hold('response', 'poll-4')],
      steps: [
        get('/'),
        subscribed('poll-4'),
        publish('poll-4', {
          'http-response': {
            headers: [
              ['Set-Cookie', 'a=1'],
              ['Set-Cookie', 'b=2'],
            ],
            body: 'x',
          },
        }),
        responded(),
      ],
    },
    {
      name: 'an item with a code alone has its standard reason',
      origin: [hold('response', 'poll-5')],
      steps: [
        get('/'),
        subscribed('poll-5'),
        publish('poll-5', { 'http-response': { code: 503, body: '' } }),
        responded(),
      ],
    },
    {
      name: 'body-bin is base64, and wins over body',
      origin: [hold('response', 'poll-6')],
      steps: [
        get('/'),
        subscribed('poll-6'),
        publish('poll-6', { 'http-response': { 'body-bin': 'AP/+', body: 'x' } }),
        responded(),
      ],
    },
    {
      name: 'Grip- fields of an item do not reach the client',
      origin: [hold('response', 'poll-7', { headers: [['X-A', 'a']] })],
      steps: [
        get('/'),
        subscribed('poll-7'),
        publish('poll-7', { 'http-response': { headers: { 'Grip-Hold': 'stream', 'X-B': 'b' }, body: 'x' } }),
        responded(),
      ],
    },
    {
      name: 'Grip-Expose-Headers of an item names fields to leave out',
      origin: [hold('response', 'poll-8', { headers: [['X-A', 'a']] })],
      steps: [
        get('/'),
        subscribed('poll-8'),
        publish('poll-8', {
          'http-response': { headers: { 'Grip-Expose-Headers': 'X-A', 'X-B': 'b' }, body: 'x' },
        }),
        responded(),
      ],
      expect: {
        difference: 'D-item-expose-headers',
        clients: {
          client: {
            replies: [
              {
                status: '200 OK',
                headers: ['content-type: text/plain', 'x-a: a', 'x-b: b'],
                body: 'x',
                end: 'complete',
              },
            ],
          },
        },
      },
    },
    {
      name: 'Grip-Expose-Headers of an instruct holds for the answer by an item',
      origin: [
        hold('response', 'poll-9', {
          headers: [
            ['X-A', 'a'],
            ['X-B', 'b'],
            ['Grip-Expose-Headers', 'X-B'],
          ],
        }),
      ],
      steps: [
        get('/'),
        subscribed('poll-9'),
        publish('poll-9', { 'http-response': { headers: { 'X-C': 'c' }, body: 'x' } }),
        responded(),
      ],
    },
    {
      name: 'the instruct answers when its time is over',
      origin: [
        hold('response', [], {
          body: 'nothing\n',
          status: 404,
          headers: [
            ['Grip-Timeout', '1'],
            ['Grip-Status', '203 Enough'],
            ['X-A', 'a'],
          ],
        }),
      ],
      steps: [get('/'), within(6000, responded())],
    },
    {
      name: 'the timeout response of a 304 has no body',
      origin: [
        {
          status: 304,
          headers: [
            ['X-A', 'a'],
            ['Grip-Hold', 'response'],
            ['Grip-Timeout', '5'],
          ],
        },
        answer('next'),
      ],
      steps: [get('/'), within(6000, responded()), get('/next'), responded(2)],
    },
    {
      name: 'the entity tag of an instruct goes with what answers in its place',
      origin: [TAGGED],
      mounts: { only: 'remote', because: 'in process it is another scenario' },
      steps: [get('/'), subscribed('poll-29'), publish('poll-29', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'an entity tag that a framework made of the instruct is not that of the item',
      origin: [TAGGED],
      mounts: { only: 'in-process', because: 'no framework is in between elsewhere' },
      steps: [get('/'), subscribed('poll-29'), publish('poll-29', { 'http-response': 'item' }), responded()],
      expect: {
        difference: 'D-entity-tags',
        clients: {
          client: {
            replies: [
              { status: '200 OK', headers: ['content-type: text/plain'], body: 'item', end: 'complete' },
            ],
          },
        },
      },
    },
    {
      name: 'exactly one item answers',
      origin: [hold('response', 'poll-12'), answer('next')],
      steps: [
        get('/'),
        subscribed('poll-12'),
        publishAll([
          item('poll-12', { 'http-response': 'one' }),
          item('poll-12', { 'http-response': 'two' }),
        ]),
        responded(1),
        get('/next'),
        responded(2),
      ],
    },
    {
      name: 'items without the format and items of other channels do not answer',
      origin: [hold('response', 'poll-13')],
      steps: [
        get('/'),
        subscribed('poll-13'),
        publish('poll-13', { 'http-stream': 'stream' }),
        publish('poll-13', { 'ws-message': 'message' }),
        publish('poll-13x', { 'http-response': 'another channel' }),
        publish('poll-13', { 'http-response': { action: 'close' } }),
        publish('poll-13', { 'http-stream': 'stream', 'http-response': 'response' }),
        responded(),
      ],
    },
    {
      name: 'an item of any of the channels answers',
      origin: [hold('response', ['poll-14a', 'poll-14b, poll-14c'])],
      steps: [
        get('/'),
        subscribed('poll-14a'),
        subscribed('poll-14c'),
        publish('poll-14c', { 'http-response': 'c' }),
        responded(),
      ],
    },
    {
      name: 'a channel that is named twice is one subscription',
      origin: [hold('response', ['poll-15', 'poll-15'])],
      steps: [get('/'), subscribed('poll-15'), publish('poll-15', { 'http-response': 'x' }), responded()],
    },
    {
      name: 'an item answers all clients of its channel',
      origin: [hold('response', 'poll-16')],
      steps: [
        get('/1', { client: 'one' }),
        subscribed('poll-16', 1),
        get('/2', { client: 'two' }),
        subscribed('poll-16', 2),
        publish('poll-16', { 'http-response': 'both' }),
        responded(1, 'one'),
        responded(1, 'two'),
      ],
    },
    {
      name: 'the connection goes on after an item answered',
      origin: [hold('response', 'poll-17'), hold('response', 'poll-17'), answer('end')],
      steps: [
        get('/1'),
        subscribed('poll-17', 1),
        publish('poll-17', { 'http-response': 'one' }),
        responded(1),
        get('/2'),
        subscribed('poll-17', 2),
        publish('poll-17', { 'http-response': 'two' }),
        responded(2),
        get('/3'),
        responded(3),
      ],
    },
    {
      name: 'a request that is pipelined behind a hold is answered after it',
      origin: [hold('response', 'poll-18'), answer('next')],
      steps: [
        send('GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\nGET /2 HTTP/1.1\r\nHost: example.com\r\n\r\n', [
          { method: 'GET', version: '1.1' },
          { method: 'GET', version: '1.1' },
        ]),
        subscribed('poll-18'),
        publish('poll-18', { 'http-response': 'item' }),
        responded(2),
      ],
    },
    {
      name: 'a POST may be held',
      origin: [hold('response', 'poll-19', { status: 404 })],
      steps: [
        post('/', 'a body'),
        subscribed('poll-19'),
        publish('poll-19', { 'http-response': 'item' }),
        responded(),
      ],
    },
    {
      name: 'a client of HTTP/1.0 may be held',
      origin: [hold('response', 'poll-20')],
      steps: [
        get('/', { version: '1.0' }),
        subscribed('poll-20'),
        publish('poll-20', { 'http-response': 'item' }),
        responded(),
        closed(),
      ],
    },
    {
      name: 'a HEAD is answered and not held',
      origin: [hold('response', 'poll-21', { body: 'nothing' }), answer('next')],
      steps: [
        request('HEAD', '/'),
        onReference(subscribed('poll-21')),
        onReference(publish('poll-21', { 'http-response': 'item' })),
        responded(1),
        get('/next'),
        responded(2),
      ],
      expect: {
        difference: 'D-head',
        clients: {
          client: {
            replies: [
              { status: '200 OK', headers: ['content-type: text/plain'], body: '', end: 'complete' },
              { status: '200 OK', headers: ['content-type: text/plain'], body: 'next', end: 'complete' },
            ],
          },
        },
        origin: [
          { line: 'HEAD /', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
          { line: 'GET /next', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
        ],
      },
    },
    {
      name: 'a 204 may be held; an item answers with a body',
      origin: [
        {
          status: 204,
          headers: [
            ['X-A', 'a'],
            ['Grip-Hold', 'response'],
            ['Grip-Channel', 'poll-22'],
          ],
        },
      ],
      steps: [get('/'), subscribed('poll-22'), publish('poll-22', { 'http-response': 'item' }), responded()],
    },
    {
      name: 'of more than 20 channels the first 20 count',
      origin: [
        hold(
          'response',
          Array.from({ length: 22 }, (_, i) => `poll-23-${i + 1}`),
        ),
      ],
      steps: [
        get('/'),
        subscribed('poll-23-1'),
        subscribed('poll-23-20'),
        publish('poll-23-21', { 'http-response': '21' }),
        publish('poll-23-20', { 'http-response': '20' }),
        responded(),
      ],
    },
    {
      name: 'a hold without channels is answered when its time is over',
      origin: [instruct({ hold: { channels: [], timeout: 0 }, response: { body: 'nothing' } })],
      steps: [get('/'), within(6000, responded())],
    },
    {
      name: 'a channel name is any text',
      origin: [hold('response', 'a b/c?d=ä "e"\\f')],
      steps: [
        get('/'),
        subscribed('a b/c?d=ä "e"\\f'),
        publish('a b/c?d=ä "e"\\f', { 'http-response': 'item' }),
        responded(),
      ],
    },
    {
      name: 'a body-patch changes the body of the instruct',
      origin: [hold('response', 'poll-25', { body: '{"b": 1, "a": [1, 2]}\n' })],
      steps: [
        get('/'),
        subscribed('poll-25'),
        publish('poll-25', {
          'http-response': {
            'body-patch': [
              { op: 'test', path: '/b', value: 1 },
              { op: 'add', path: '/a/-', value: 3 },
              { op: 'replace', path: '/b', value: { c: null } },
              { op: 'copy', from: '/a/0', path: '/d' },
              { op: 'move', from: '/d', path: '/e' },
              { op: 'remove', path: '/a/0' },
            ],
          },
        }),
        responded(),
      ],
    },
    {
      name: 'an add within an array inserts, as RFC 6902 has it',
      origin: [hold('response', 'poll-26', { body: '{"a":[1,2]}' })],
      steps: [
        get('/'),
        subscribed('poll-26'),
        publish('poll-26', { 'http-response': { 'body-patch': [{ op: 'add', path: '/a/0', value: 9 }] } }),
        responded(),
      ],
      expect: {
        difference: 'D-json-patch',
        clients: {
          client: {
            replies: [
              {
                status: '200 OK',
                headers: ['content-type: text/plain'],
                body: '{"a":[9,1,2]}',
                end: 'complete',
              },
            ],
          },
        },
      },
    },
    {
      name: 'a body-patch that fails leaves an empty body',
      origin: [hold('response', 'poll-27', { body: '{"a":1}' })],
      steps: [
        get('/'),
        subscribed('poll-27'),
        publish('poll-27', {
          'http-response': { code: 201, 'body-patch': [{ op: 'test', path: '/a', value: 2 }] },
        }),
        responded(),
      ],
      expect: {
        difference: 'D-body-patch-failure',
        clients: { client: { replies: [emptyBody('201 Created')] } },
      },
    },
    {
      name: 'a body-patch of something else than JSON leaves an empty body',
      origin: [hold('response', 'poll-28', { body: 'nothing' })],
      steps: [
        get('/'),
        subscribed('poll-28'),
        publish('poll-28', { 'http-response': { 'body-patch': [] } }),
        responded(),
      ],
      expect: { difference: 'D-body-patch-failure', clients: { client: { replies: [emptyBody('200 OK')] } } },
    },
  ],
};
