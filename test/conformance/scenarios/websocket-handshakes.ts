import { answer } from '../answer.js';
import type { Field } from '../field.js';
import { type Group, OVER_HTTP, type Scenario } from '../scenario.js';
import { begun, closed, post, request, responded, send } from '../steps.js';
import type { ClientTranscript } from '../transcript.js';
import { accept } from '../ws-events.js';
import { gotReply } from '../ws-expected.js';
import { connect, opened } from '../ws-steps.js';

const RIGHT: readonly Field[] = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];

/** A handshake with another method, and with other fields: an undefined one is left out. */
function wrong(
  name: string,
  changes: Readonly<Record<string, string | undefined>>,
  refusal: ClientTranscript,
  method = 'GET',
  body = '',
): Scenario {
  const lines = RIGHT.flatMap(([field, value]) => {
    const changed = field in changes ? changes[field] : value;
    return changed === undefined ? [] : [`${field}: ${changed}\r\n`];
  });
  const more = Object.entries(changes).filter(([field]) => !RIGHT.some(([right]) => right === field));
  const extra = more.map(([field, value]) => `${field}: ${value}\r\n`);
  const bytes = `${method} /ws HTTP/1.1\r\n${[...lines, ...extra].join('')}\r\n${body}`;
  return {
    name,
    setup: OVER_HTTP,
    origin: [accept()],
    steps: [send(bytes, [{ method, version: '1.1' }]), closed()],
    expect: {
      difference: 'D-websocket-handshakes',
      clients: { client: { ...refusal, connection: 'closed' } },
    },
  };
}

const WRONG_VERSION = gotReply('426 Upgrade Required', 'Sec-WebSocket-Version must be 13.\n', [
  'content-type: text/plain',
  'sec-websocket-version: 13',
]);

/** What counts as the handshake of a WebSocket. */
export const websocketHandshakes: Group = {
  name: 'websocket-handshakes',
  scenarios: [
    wrong('another version is refused', { 'Sec-WebSocket-Version': '12' }, WRONG_VERSION),
    wrong('without a version it is refused', { 'Sec-WebSocket-Version': undefined }, WRONG_VERSION),
    wrong(
      'without a key it is refused',
      { 'Sec-WebSocket-Key': undefined },
      gotReply('400 Bad Request', 'Not a WebSocket handshake: Sec-WebSocket-Key is missing or wrong.\n'),
    ),
    wrong(
      'with another method it is refused',
      { 'Content-Length': '0' },
      gotReply('405 Method Not Allowed', 'A WebSocket is opened with GET.\n', [
        'allow: GET',
        'content-type: text/plain',
      ]),
      'POST',
    ),
    wrong(
      'with a body it is refused',
      { 'Content-Length': '5' },
      gotReply('400 Bad Request', 'A WebSocket handshake has no body.\n'),
      'GET',
      'hello',
    ),
    {
      name: 'a key may be any text',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [
        send(
          'GET /ws HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n' +
            'Sec-WebSocket-Key: abcde\r\nSec-WebSocket-Version: 13\r\n\r\n',
          [{ method: 'GET', version: '1.1' }],
        ),
        begun(),
      ],
    },
    {
      name: 'an upgrade to something else is an ordinary request',
      setup: OVER_HTTP,
      origin: [answer('ordinary')],
      steps: [
        request('GET', '/ws', {
          headers: [
            ['Upgrade', 'h2c'],
            ['Connection', 'Upgrade'],
          ],
        }),
        responded(),
      ],
      expect: {
        difference: 'D-connection-options',
        origin: [{ line: 'GET /ws', headers: ['grip-sig: valid', 'host: example.com'], body: '' }],
      },
    },
    {
      name: 'a client may not send events itself',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [
        post('/ws', 'OPEN\r\n', { headers: [['Content-Type', 'application/websocket-events']] }),
        responded(),
      ],
    },
    {
      name: 'a client may not send events itself, with parameters either',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [
        post('/ws', 'OPEN\r\n', { headers: [['Content-Type', 'application/websocket-events; a=b']] }),
        responded(),
      ],
    },
    {
      name: 'a handshake that names no page and no cookie is enough',
      setup: OVER_HTTP,
      origin: [accept()],
      steps: [connect('/'), opened()],
    },
  ],
};
