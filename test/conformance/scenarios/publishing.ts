import { hold } from '../answer.js';
import type { Group, Scenario } from '../scenario.js';
import { control, get, onOurs, publishAll, received, responded, subscribed } from '../steps.js';
import type { ReplyTranscript } from '../transcript.js';

const SENT: readonly (readonly [string, string])[] = [];

/** A body that the control API refuses, and what it says. */
function refused(body: unknown): Scenario {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    name: `${text} is refused`,
    origin: [],
    steps: [control('POST', '/publish/', SENT, text)],
  };
}

function refusedItem(item: unknown): Scenario {
  return refused({ items: [item] });
}

function refusedFormat(name: string, format: unknown): Scenario {
  return refusedItem({ channel: 'a', formats: { [name]: format } });
}

/** An item that the reference refuses as null is no value. P-8 takes null for a key that is left out. */
function nullable(item: unknown): Scenario {
  return {
    ...refusedItem(item),
    name: `${JSON.stringify(item)} is taken`,
    expect: { difference: 'D-null', control: [answered('200 OK', 'Published\n')] },
  };
}

function answered(status: string, body: string): ReplyTranscript {
  return { status, headers: ['content-type: text/plain'], body, end: 'complete' };
}

/** A body that the control API takes. */
function taken(name: string, items: readonly unknown[]): Scenario {
  return { name, origin: [], steps: [control('POST', '/publish/', SENT, JSON.stringify({ items }))] };
}

/** What the control API takes for items, and what becomes of them. */
export const publishing: Group = {
  name: 'publishing',
  scenarios: [
    {
      name: 'formats may stand on the item itself',
      origin: [hold('stream', 'item-1')],
      steps: [
        get('/'),
        subscribed('item-1'),
        publishAll([{ channel: 'item-1', 'http-stream': { content: 'item' } }]),
        received('item'),
      ],
    },
    {
      name: 'when one item is refused none is published',
      origin: [hold('stream', 'item-3')],
      steps: [
        get('/'),
        subscribed('item-3'),
        control(
          'POST',
          '/publish/',
          SENT,
          '{"items":[{"channel":"item-3","http-stream":{"content":"no"}},{"channel":"item-3"}]}',
        ),
        publishAll([{ channel: 'item-3', 'http-stream': { content: 'yes' } }]),
        received('yes'),
      ],
    },
    {
      name: 'a code may be a string of digits',
      origin: [hold('response', 'item-4')],
      steps: [
        get('/'),
        subscribed('item-4'),
        publishAll([{ channel: 'item-4', 'http-response': { code: '404', body: '' } }]),
        responded(),
      ],
    },
    {
      name: 'a line break in a field of an item does not make two fields',
      origin: [hold('response', 'item-5')],
      steps: [
        get('/'),
        subscribed('item-5'),
        control(
          'POST',
          '/publish/',
          SENT,
          JSON.stringify({
            items: [{ channel: 'item-5', 'http-response': { headers: { 'X-A': 'a\r\nX-B: b' }, body: '' } }],
          }),
        ),
        onOurs(publishAll([{ channel: 'item-5', 'http-response': { body: 'item' } }])),
        responded(),
      ],
      expect: {
        difference: 'D-field-values',
        clients: {
          client: {
            replies: [
              { status: '200 OK', headers: ['content-type: text/plain'], body: 'item', end: 'complete' },
            ],
          },
        },
        control: [answered('400 Bad Request', "Invalid format: headers contains 'X-A' with invalid value\n")],
      },
    },
    taken('no items are fine', []),
    taken('formats that are not known are fine', [{ channel: 'a', formats: { unknown: 1 } }]),
    taken('an action needs nothing else', [
      { channel: 'a', formats: { 'http-response': { action: 'hint' }, 'http-stream': { action: 'close' } } },
    ]),
    taken('keys that are not known are fine', [
      { channel: 'a', unknown: 1, 'http-stream': { content: '', x: 1 } },
    ]),
    taken('a size is fine', [{ channel: 'a', size: 5, 'http-stream': { content: '' } }]),
    taken('a channel may be empty', [{ channel: '', 'http-stream': { content: '' } }]),
    taken('a ping needs no content', [{ channel: 'a', 'ws-message': { type: 'ping' } }]),
    refused(''),
    refused('{'),
    refused('1'),
    refused([]),
    refused({}),
    refused({ items: {} }),
    refused({ items: null }),
    refused({ items: [1] }),
    refusedItem({}),
    refusedItem({ channel: 'a' }),
    refusedItem({ channel: 'a', formats: {} }),
    refusedItem({ channel: 'a', formats: [] }),
    nullable({ channel: 'a', formats: null, 'http-stream': { content: '' } }),
    refusedItem({ channel: null, 'http-stream': { content: '' } }),
    refusedItem({ channel: 1, 'http-stream': { content: '' } }),
    nullable({ channel: 'a', id: null, 'http-stream': { content: '' } }),
    nullable({ channel: 'a', 'prev-id': null, 'http-stream': { content: '' } }),
    nullable({ channel: 'a', meta: null, 'http-stream': { content: '' } }),
    nullable({ channel: 'a', 'http-response': null, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', id: 1, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', 'prev-id': 1, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', meta: 1, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', meta: { b: 1 }, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', size: [], 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', size: -1, 'http-stream': { content: '' } }),
    refusedItem({ channel: 'a', 'no-seq': 'true', 'http-stream': { content: '' } }),
    refusedFormat('http-stream', 1),
    refusedFormat('http-stream', {}),
    refusedFormat('http-stream', { content: 1 }),
    refusedFormat('http-stream', { content: null }),
    refusedFormat('http-stream', { 'content-bin': 1 }),
    refusedFormat('http-stream', { action: 1 }),
    {
      ...refusedFormat('http-stream', { action: 'unknown' }),
      expect: {
        difference: 'D-error-texts',
        control: [
          answered('400 Bad Request', "Invalid format: 'http-stream' contains 'action' with unknown value\n"),
        ],
      },
    },
    refusedFormat('http-stream', { content: '', 'content-filters': 'x' }),
    refusedFormat('http-stream', { content: '', 'content-filters': [1] }),
    refusedFormat('http-response', {}),
    refusedFormat('http-response', { body: null }),
    nullable({ channel: 'a', 'http-response': { 'body-bin': null } }),
    nullable({ channel: 'a', 'http-response': { reason: null, body: '' } }),
    nullable({ channel: 'a', 'http-response': { headers: null, body: '' } }),
    refusedFormat('http-response', { 'body-bin': 1 }),
    refusedFormat('http-response', { 'body-patch': {} }),
    refusedFormat('http-response', { code: [], body: '' }),
    refusedFormat('http-response', { code: null, body: '' }),
    refusedFormat('http-response', { code: 1000, body: '' }),
    refusedFormat('http-response', { reason: 1, body: '' }),
    refusedFormat('http-response', { headers: 1, body: '' }),
    refusedFormat('http-response', { headers: [1], body: '' }),
    refusedFormat('http-response', { headers: [['a']], body: '' }),
    refusedFormat('http-response', { headers: [[1, 'b']], body: '' }),
    refusedFormat('http-response', { headers: [['a', 1]], body: '' }),
    refusedFormat('http-response', { headers: { a: 1 }, body: '' }),
    refusedFormat('ws-message', {}),
    refusedFormat('ws-message', { type: 'unknown', content: '' }),
    refusedFormat('ws-message', { type: 'text' }),
    refusedFormat('ws-message', { action: 'close', code: -1 }),
    refusedFormat('ws-message', { action: 'close', reason: 1 }),
  ],
};
