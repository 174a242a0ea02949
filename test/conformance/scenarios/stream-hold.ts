import { hold } from '../answer.js';
import type { Group } from '../scenario.js';
import {
  begun,
  closed,
  get,
  hangUp,
  item,
  onOurs,
  onReference,
  publish,
  publishAll,
  received,
  request,
  responded,
  send,
  subscribed,
} from '../steps.js';

/** Streams: a client is held, and gets item after item. */
export const streamHold: Group = {
  name: 'stream-hold',
  scenarios: [
    {
      name: 'the body of the instruct comes first, then item after item, until one closes',
      origin: [hold('stream', 'stream-1', { body: 'open\n', headers: [['X-A', 'a']] })],
      steps: [
        get('/'),
        received('open\n'),
        subscribed('stream-1'),
        publish('stream-1', { 'http-stream': 'one\n' }),
        received('one\n'),
        publish('stream-1', { 'http-stream': 'two\n' }),
        publish('stream-1', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'a head without a body reaches the client at once',
      origin: [hold('stream', 'stream-2', { headers: [['Grip-Status', '201 Begun']] })],
      steps: [
        get('/'),
        begun(),
        subscribed('stream-2'),
        publish('stream-2', { 'http-stream': 'one' }),
        received('one'),
      ],
    },
    {
      name: 'content-bin is base64, and wins over content',
      origin: [hold('stream', 'stream-3')],
      steps: [
        get('/'),
        subscribed('stream-3'),
        publish('stream-3', { 'http-stream': { 'content-bin': 'AP/+', content: 'x' } }),
        publish('stream-3', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'an empty item writes nothing',
      origin: [hold('stream', 'stream-4', { body: 'open ' })],
      steps: [
        get('/'),
        subscribed('stream-4'),
        publish('stream-4', { 'http-stream': '' }),
        publish('stream-4', { 'http-stream': 'end' }),
        received('end'),
      ],
    },
    {
      name: 'items of one request arrive in their order',
      origin: [hold('stream', ['stream-5a', 'stream-5b'])],
      steps: [
        get('/'),
        subscribed('stream-5a'),
        subscribed('stream-5b'),
        publishAll([
          item('stream-5a', { 'http-stream': '1' }),
          item('stream-5b', { 'http-stream': '2' }),
          item('stream-5a', { 'http-stream': '3' }),
          item('stream-5b', { 'http-stream': { action: 'close' } }),
          item('stream-5a', { 'http-stream': '4' }),
        ]),
        responded(),
      ],
    },
    {
      name: 'items without the format do not reach the client',
      origin: [hold('stream', 'stream-6')],
      steps: [
        get('/'),
        subscribed('stream-6'),
        publish('stream-6', { 'http-response': 'response ' }),
        publish('stream-6', { 'ws-message': 'message ' }),
        publish('stream-6', { 'http-stream': 'stream' }),
        received('stream'),
      ],
    },
    {
      name: 'an item reaches all clients of its channel',
      origin: [hold('stream', 'stream-7')],
      steps: [
        get('/1', { client: 'one' }),
        subscribed('stream-7', 1),
        get('/2', { client: 'two' }),
        subscribed('stream-7', 2),
        publish('stream-7', { 'http-stream': 'both' }),
        received('both', { client: 'one' }),
        received('both', { client: 'two' }),
      ],
    },
    {
      name: 'when one client goes away the others still get items',
      origin: [hold('stream', 'stream-8', { body: 'open\n' })],
      steps: [
        get('/1', { client: 'one' }),
        subscribed('stream-8', 1),
        get('/2', { client: 'two' }),
        subscribed('stream-8', 2),
        received('open', { client: 'one' }),
        hangUp('one'),
        publish('stream-8', { 'http-stream': 'first\n' }),
        publish('stream-8', { 'http-stream': 'second\n' }),
        received('second', { client: 'two' }),
      ],
    },
    {
      name: 'a large item arrives whole',
      origin: [hold('stream', 'stream-9')],
      steps: [
        get('/'),
        subscribed('stream-9'),
        publish('stream-9', { 'http-stream': '0123456789'.repeat(20_000) }),
        publish('stream-9', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'text is sent as UTF-8',
      origin: [hold('stream', 'stream-10', { body: 'Grüße ' })],
      steps: [
        get('/'),
        subscribed('stream-10'),
        publish('stream-10', { 'http-stream': 'an 𝄞 alle' }),
        publish('stream-10', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'the length that the origin gave is not that of the stream',
      origin: [hold('stream', 'stream-11', { body: 'open\n', headers: [['Content-Length', '5']] })],
      compare: { responses: ['content-length'] },
      steps: [
        get('/'),
        subscribed('stream-11'),
        publish('stream-11', { 'http-stream': 'more\n' }),
        publish('stream-11', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'the connection goes on after a stream was closed',
      origin: [hold('stream', 'stream-12'), { body: 'next' }],
      steps: [
        get('/'),
        subscribed('stream-12'),
        publish('stream-12', { 'http-stream': { action: 'close' } }),
        responded(1),
        get('/next'),
        responded(2),
      ],
    },
    {
      name: 'a stream to HTTP/1.0 is not chunked, and ends with the connection',
      origin: [hold('stream', 'stream-13', { body: 'open\n' })],
      steps: [
        get('/', { version: '1.0' }),
        subscribed('stream-13'),
        publish('stream-13', { 'http-stream': 'item\n' }),
        received('item'),
        publish('stream-13', { 'http-stream': { action: 'close' } }),
        responded(),
        closed(),
      ],
    },
    {
      name: 'a stream whose client wants no further request ends with the connection',
      origin: [hold('stream', 'stream-14', { body: 'open\n' })],
      steps: [
        get('/', { headers: [['Connection', 'close']] }),
        subscribed('stream-14'),
        publish('stream-14', { 'http-stream': { action: 'close' } }),
        responded(),
        closed(),
      ],
    },
    {
      name: 'a HEAD is answered and not held',
      origin: [hold('stream', 'stream-15', { body: 'open' }), { body: 'next' }],
      steps: [
        request('HEAD', '/'),
        begun(),
        onReference(subscribed('stream-15')),
        publish('stream-15', { 'http-stream': 'item' }),
        onReference(received('item')),
        onOurs(get('/next')),
        onOurs(responded(2)),
      ],
      expect: {
        difference: 'D-head',
        origin: [
          { line: 'HEAD /', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
          { line: 'GET /next', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
        ],
        clients: {
          client: {
            replies: [
              { status: '200 OK', headers: ['content-type: text/plain'], body: '', end: 'complete' },
              { status: '200 OK', headers: [], body: 'next', end: 'complete' },
            ],
          },
        },
      },
    },
    {
      name: 'a request that is pipelined behind a stream is answered after it',
      origin: [hold('stream', 'stream-16', { body: 'open\n' }), { body: 'next' }],
      steps: [
        send('GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\nGET /2 HTTP/1.1\r\nHost: example.com\r\n\r\n', [
          { method: 'GET', version: '1.1' },
          { method: 'GET', version: '1.1' },
        ]),
        subscribed('stream-16'),
        publish('stream-16', { 'http-stream': 'item\n' }),
        received('item'),
        publish('stream-16', { 'http-stream': { action: 'close' } }),
        responded(2),
      ],
    },
    {
      name: 'a prev-id without a next link ends the stream after its body',
      origin: [hold('stream', 'stream-17; prev-id=1', { body: 'open\n' })],
      steps: [get('/'), responded()],
    },
    {
      name: 'a prev-id without a next link ends the stream with a message where errors are shown',
      setup: { route: { debug: true } },
      origin: [hold('stream', 'stream-18; prev-id=', { body: 'open\n' })],
      steps: [get('/'), responded()],
    },
    {
      name: 'a hint without a next link does nothing',
      origin: [hold('stream', 'stream-19', { body: 'open\n' })],
      steps: [
        get('/'),
        subscribed('stream-19'),
        publish('stream-19', { 'http-stream': { action: 'hint' } }),
        publish('stream-19', { 'http-stream': 'item\n' }),
        received('item'),
      ],
    },
    {
      name: 'Grip-Timeout does not end a stream',
      origin: [hold('stream', 'stream-20', { body: 'open\n', headers: [['Grip-Timeout', '0']] })],
      steps: [
        get('/'),
        subscribed('stream-20'),
        publish('stream-20', { 'http-stream': 'item' }),
        received('item'),
      ],
    },
    {
      name: 'Grip-Expose-Headers names the only fields of a stream',
      origin: [
        hold('stream', 'stream-21', {
          body: 'open\n',
          headers: [
            ['X-A', 'a'],
            ['X-B', 'b'],
            ['Grip-Expose-Headers', 'X-B'],
          ],
        }),
      ],
      steps: [get('/'), subscribed('stream-21'), received('open')],
    },
    {
      name: 'a stream may have any status',
      origin: [hold('stream', 'stream-22', { status: 404, body: 'open\n' })],
      steps: [
        get('/'),
        subscribed('stream-22'),
        publish('stream-22', { 'http-stream': 'item' }),
        received('item'),
      ],
    },
  ],
};
