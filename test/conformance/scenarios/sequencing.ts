import { hold } from '../answer.js';
import type { Group, Scenario } from '../scenario.js';
import {
  get,
  type ItemFields,
  item,
  onOurs,
  onReference,
  publish,
  publishAll,
  received,
  subscribed,
  within,
} from '../steps.js';

type Published = readonly [content: string, fields: ItemFields];

/** A stream that gets `items`, and then one that ends it. */
function sequence(name: string, channel: string, items: readonly Published[], ending: ItemFields): Scenario {
  return {
    name,
    origin: [hold('stream', channel, { body: '|' })],
    steps: [
      get('/'),
      subscribed(channel),
      publishAll([
        ...items.map(([content, fields]) => item(channel, { 'http-stream': content }, fields)),
        item(channel, { 'http-stream': '|' }, ending),
      ]),
      received('|', { times: 2 }),
    ],
  };
}

function after(id: string, previous?: string): ItemFields {
  return previous === undefined ? { id } : { id, 'prev-id': previous };
}

/** In which order items with ids are delivered, and which are not. */
export const sequencing: Group = {
  name: 'sequencing',
  scenarios: [
    sequence(
      'items are put into the order of their ids',
      'seq-1',
      [
        ['a', after('a')],
        ['e', after('e', 'd')],
        ['d', after('d', 'c')],
        ['c', after('c', 'b')],
        ['b', after('b', 'a')],
      ],
      after('f', 'e'),
    ),
    sequence(
      'an item that says nothing of the one before is delivered at once',
      'seq-2',
      [
        ['a', after('a')],
        ['x', after('x')],
      ],
      after('y', 'x'),
    ),
    sequence(
      'after an item without an id any item is delivered at once',
      'seq-3',
      [
        ['a', after('a')],
        ['n', {}],
      ],
      after('c', 'b'),
    ),
    sequence(
      'a second item after the same one is dropped',
      'seq-4',
      [
        ['a', after('a')],
        ['c', after('c', 'b')],
        ['d', after('d', 'b')],
        ['b', after('b', 'a')],
      ],
      after('z', 'c'),
    ),
    sequence(
      'a second item with the same id is dropped',
      'seq-5',
      [
        ['a', after('a')],
        ['A', after('a')],
        ['b', after('b', 'a')],
        ['B', after('b', 'a')],
      ],
      after('c', 'b'),
    ),
    sequence(
      'the same id on another channel is no duplicate, and an item without an id is none',
      'seq-6',
      [
        ['a', {}],
        ['a', {}],
      ],
      {},
    ),
    sequence(
      'no-seq items do not wait',
      'seq-7',
      [
        ['a', after('a')],
        ['c', { ...after('c', 'b'), 'no-seq': true }],
      ],
      after('b', 'a'),
    ),
    {
      name: 'an item whose predecessor does not come is delivered after a while',
      origin: [hold('stream', 'seq-8', { body: '|' })],
      steps: [
        get('/'),
        subscribed('seq-8'),
        publish('seq-8', { 'http-stream': 'a' }, after('a')),
        publish('seq-8', { 'http-stream': 'd' }, after('d', 'c')),
        publish('seq-8', { 'http-stream': 'c' }, after('c', 'b')),
        within(6500, received('c')),
      ],
    },
    {
      name: 'an item that nobody was subscribed to is a duplicate when it comes again',
      origin: [hold('stream', 'seq-9', { body: '|' })],
      steps: [
        publish('seq-9', { 'http-stream': 'a' }, after('a')),
        get('/'),
        subscribed('seq-9'),
        publish('seq-9', { 'http-stream': 'A' }, after('a')),
        publish('seq-9', { 'http-stream': 'b' }, after('b')),
        received('b'),
      ],
    },
    {
      name: 'without subscribers nothing waits for its predecessor',
      origin: [hold('stream', 'seq-10', { body: '|' })],
      steps: [
        publish('seq-10', { 'http-stream': 'a' }, after('a')),
        publish('seq-10', { 'http-stream': 'c' }, after('c', 'b')),
        get('/'),
        subscribed('seq-10'),
        publish('seq-10', { 'http-stream': 'e' }, after('e', 'd')),
        onReference(received('e')),
        onOurs(within(6500, received('e'))),
      ],
      // the same in the end, but the item waits for the one that is missing
      expect: { difference: 'D-last-ids' },
    },
    {
      name: 'an id is one whatever formats the item has',
      origin: [hold('stream', 'seq-11', { body: '|' })],
      steps: [
        get('/'),
        subscribed('seq-11'),
        publish('seq-11', { 'http-response': 'a' }, after('a')),
        publish('seq-11', { 'http-stream': 'A' }, after('a')),
        publish('seq-11', { 'http-stream': 'b' }, after('b', 'a')),
        received('b'),
      ],
    },
  ],
};
