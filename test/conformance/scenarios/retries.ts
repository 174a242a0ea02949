import { answer, hold } from '../answer.js';
import type { Group } from '../scenario.js';
import {
  asked,
  control,
  get,
  item,
  onReference,
  post,
  publish,
  publishAll,
  received,
  responded,
  subscribed,
  within,
} from '../steps.js';

const HINT = { 'http-response': { action: 'hint' } };

/** Response holds whose request is given to the origin again, as it may know more than the client. */
export const retries: Group = {
  name: 'retries',
  scenarios: [
    {
      name: 'an item that follows on the last id answers',
      origin: [hold('response', 'retry-1; prev-id=1')],
      steps: [
        get('/'),
        subscribed('retry-1'),
        publish('retry-1', { 'http-response': 'two' }, { id: '2', 'prev-id': '1' }),
        responded(),
      ],
    },
    {
      name: 'an item that does not follow on the last id makes the origin be asked again',
      origin: [hold('response', 'retry-2; prev-id=1'), answer('two and three')],
      steps: [
        get('/poll?x=1', {
          headers: [
            ['X-A', 'a'],
            ['If-None-Match', '"1"'],
          ],
        }),
        subscribed('retry-2'),
        publish('retry-2', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'an item that says nothing of the one before makes the origin be asked again',
      origin: [hold('response', 'retry-3; prev-id=1'), answer('two')],
      steps: [
        get('/'),
        subscribed('retry-3'),
        publish('retry-3', { 'http-response': 'two' }, { id: '2' }),
        responded(),
      ],
    },
    {
      name: 'a hold without a last id takes any item',
      origin: [hold('response', 'retry-4')],
      steps: [
        get('/'),
        subscribed('retry-4'),
        publish('retry-4', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'a hint makes the origin be asked again',
      origin: [hold('response', 'retry-5; prev-id=1'), answer('two')],
      steps: [get('/'), subscribed('retry-5'), publish('retry-5', HINT), responded()],
      expect: {
        difference: 'D-hint-keeps-last-id',
        origin: [
          { line: 'GET /', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
          {
            line: 'GET /',
            headers: ['grip-last: retry-5; last-id=1', 'grip-sig: valid', 'host: example.com'],
            body: '',
          },
        ],
      },
    },
    {
      name: 'the id of a hint is not one that the client has',
      origin: [hold('response', 'retry-6; prev-id=1'), answer('two')],
      steps: [
        get('/'),
        subscribed('retry-6'),
        publish('retry-6', HINT, { id: '9', 'prev-id': '1' }),
        responded(),
      ],
      expect: {
        difference: 'D-hint-keeps-last-id',
        origin: [
          { line: 'GET /', headers: ['grip-sig: valid', 'host: example.com'], body: '' },
          {
            line: 'GET /',
            headers: ['grip-last: retry-6; last-id=1', 'grip-sig: valid', 'host: example.com'],
            body: '',
          },
        ],
      },
    },
    {
      name: 'a retry may hold again, and be answered by the next item',
      origin: [hold('response', 'retry-7; prev-id=1'), hold('response', 'retry-7; prev-id=3')],
      steps: [
        get('/'),
        subscribed('retry-7', 1),
        publish('retry-7', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' }),
        subscribed('retry-7', 2),
        publish('retry-7', { 'http-response': 'four' }, { id: '4', 'prev-id': '3' }),
        responded(),
      ],
    },
    {
      name: 'a retry may become a stream',
      origin: [hold('response', 'retry-8; prev-id=1'), hold('stream', 'retry-8', { body: 'open\n' })],
      steps: [
        get('/'),
        subscribed('retry-8', 1),
        publish('retry-8', HINT),
        subscribed('retry-8', 2),
        publish('retry-8', { 'http-stream': 'item' }),
        received('item'),
      ],
    },
    {
      name: 'a retry sends the body again',
      origin: [hold('response', 'retry-9'), answer('done')],
      steps: [
        post('/poll', 'the body', { headers: [['Content-Type', 'text/x-test']] }),
        subscribed('retry-9'),
        publish('retry-9', HINT),
        responded(),
      ],
    },
    {
      name: 'the answer to a retry is relayed whatever it is',
      origin: [
        hold('response', 'retry-10', { headers: [['X-First', 'x']] }),
        answer('broken', { status: 500 }),
      ],
      steps: [get('/'), subscribed('retry-10'), publish('retry-10', HINT), responded()],
    },
    {
      name: 'all last ids of a hold go to the origin',
      origin: [
        hold('response', ['retry-11a; prev-id=a', 'retry-11b', 'retry-11c; prev-id="c d"']),
        answer('done'),
      ],
      steps: [get('/'), subscribed('retry-11c'), publish('retry-11b', HINT), responded()],
    },
    {
      name: 'last ids go to the origin under the names that it uses',
      setup: { route: { prefix: 'p-' } },
      origin: [hold('response', 'retry-12; prev-id=1'), answer('done')],
      steps: [
        get('/'),
        subscribed('p-retry-12'),
        publish('p-retry-12', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'an instruct that is older than the last item makes the origin be asked again at once',
      origin: {
        '/stream': [hold('stream', 'retry-13')],
        '/poll': [hold('response', 'retry-13; prev-id=1'), answer('two')],
      },
      steps: [
        get('/stream', { client: 'stream' }),
        subscribed('retry-13'),
        publish('retry-13', { 'http-stream': 'two', 'http-response': 'two' }, { id: '2', 'prev-id': '1' }),
        received('two', { client: 'stream' }),
        get('/poll'),
        responded(),
      ],
    },
    {
      name: 'an instruct that is as new as the last item is held',
      origin: {
        '/stream': [hold('stream', 'retry-14')],
        '/poll': [hold('response', 'retry-14; prev-id=2')],
      },
      steps: [
        get('/stream', { client: 'stream' }),
        subscribed('retry-14', 1),
        publish('retry-14', { 'http-stream': 'two' }, { id: '2', 'prev-id': '1' }),
        received('two', { client: 'stream' }),
        get('/poll'),
        subscribed('retry-14', 2),
        publish('retry-14', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'the origin is not asked again for a lone poll',
      origin: [hold('response', 'retry-15', { body: 'nothing' }), hold('response', 'retry-15')],
      steps: [
        get('/'),
        subscribed('retry-15'),
        onReference(within(1500, asked(2))),
        onReference(subscribed('retry-15', 2)),
        publish('retry-15', { 'http-response': 'item' }),
        responded(),
      ],
      expect: {
        difference: 'D-first-subscription-update',
        origin: [{ line: 'GET /', headers: ['grip-sig: valid', 'host: example.com'], body: '' }],
      },
    },
    {
      name: 'recover makes the origin be asked again for every poll',
      origin: [hold('response', 'retry-16'), answer('recovered')],
      steps: [get('/'), subscribed('retry-16'), control('POST', '/recover', [], ''), responded()],
    },
    {
      name: 'the content of an item that a client cannot take is not lost',
      origin: {
        '/a': [hold('response', 'retry-17; prev-id=1'), answer('recovered')],
        '/b': [hold('response', 'retry-17; prev-id=2')],
      },
      steps: [
        get('/a', { client: 'a' }),
        subscribed('retry-17', 1),
        get('/b', { client: 'b' }),
        subscribed('retry-17', 2),
        publishAll([item('retry-17', { 'http-response': 'three' }, { id: '3', 'prev-id': '2' })]),
        responded(1, 'a'),
        responded(1, 'b'),
      ],
    },
  ],
};
