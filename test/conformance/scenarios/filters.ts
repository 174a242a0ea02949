import { hold } from '../answer.js';
import type { Field } from '../field.js';
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
  responded,
  subscribed,
} from '../steps.js';
import type { ClientTranscript } from '../transcript.js';

type Published = readonly [content: string, meta: Readonly<Record<string, string>>];

function streamOf(channel: string, parameters: string, meta: string | undefined): ReturnType<typeof hold> {
  const headers: Field[] = meta === undefined ? [] : [['Grip-Set-Meta', meta]];
  return hold('stream', `${channel}${parameters}`, { body: 'open ', headers });
}

/** A stream with filters on its channel that gets items, of which the last one passes them all. */
function filtered(
  name: string,
  channel: string,
  filters: string,
  meta: string | undefined,
  items: readonly Published[],
  passes: string,
): Scenario {
  return {
    name,
    origin: [streamOf(channel, filters, meta)],
    steps: [
      get('/'),
      subscribed(channel),
      publishAll(
        items.map(([content, itemMeta]) => item(channel, { 'http-stream': content }, { meta: itemMeta })),
      ),
      received(passes),
    ],
  };
}

/** An item that a filter fails on, where errors are shown. */
function failing(name: string, channel: string, content: string): Scenario {
  return {
    name,
    setup: { route: { debug: true } },
    origin: [streamOf(channel, '; filter=var-subst', 'x=1')],
    steps: [get('/'), subscribed(channel), publish(channel, { 'http-stream': content }), responded()],
  };
}

/** A stream that goes on. */
function stream(body: string): ClientTranscript {
  return { replies: [{ status: '200 OK', headers: ['content-type: text/plain'], body, end: 'open' }] };
}

const ME: ItemFields = { meta: { sender: 'alice' } };

/** Filters of subscriptions: what they drop and what they change. */
export const filters: Group = {
  name: 'filters',
  scenarios: [
    filtered(
      'skip-self drops what the user sent',
      'filter-1',
      '; filter=skip-self',
      'user=alice',
      [
        ['mine ', { sender: 'alice' }],
        ['yours ', { sender: 'bob' }],
        ['nobodys', {}],
      ],
      'nobodys',
    ),
    filtered(
      'skip-self drops nothing where the user is not known',
      'filter-2',
      '; filter=skip-self',
      undefined,
      [
        ['mine ', { sender: 'alice' }],
        ['end', { sender: '' }],
      ],
      'end',
    ),
    filtered(
      'skip-users drops for the users that are listed',
      'filter-3',
      '; filter=skip-users',
      'user=bob',
      [
        ['not bob ', { skip_users: 'alice, bob ,' }],
        ['not alice', { skip_users: 'alice' }],
      ],
      'not alice',
    ),
    filtered(
      'require-sub wants a subscription to another channel',
      'filter-4',
      '; filter=require-sub',
      undefined,
      [
        ['another ', { require_sub: 'filter-4x' }],
        ['this', { require_sub: 'filter-4' }],
      ],
      'this',
    ),
    filtered(
      'var-subst puts meta into the content',
      'filter-5',
      '; filter=var-subst',
      'name=Alice, food=apples',
      [['%(name)s likes %(food)s, 100%%', {}]],
      '100%',
    ),
    filtered(
      'filters apply in their order',
      'filter-6',
      '; filter=skip-self; filter=var-subst',
      'user=alice',
      [
        ['mine %(nope)s', { sender: 'alice' }],
        ['hello %(user)s', {}],
      ],
      'hello alice',
    ),
    filtered(
      'a filter that is not known does nothing',
      'filter-7',
      '; filter=unknown',
      undefined,
      [['100%', {}]],
      '100%',
    ),
    filtered(
      'meta without a filter does nothing',
      'filter-8',
      '',
      'user=alice',
      [['%(user)s', { sender: 'alice', skip_users: 'alice', require_sub: 'filter-8x' }]],
      '%(user)s',
    ),
    {
      name: 'filters are those of the channel that an item comes by',
      origin: [
        hold('stream', ['filter-9a; filter=skip-self', 'filter-9b'], {
          headers: [['Grip-Set-Meta', 'user=alice']],
        }),
      ],
      steps: [
        get('/'),
        subscribed('filter-9b'),
        publish('filter-9a', { 'http-stream': 'a' }, ME),
        publish('filter-9b', { 'http-stream': 'b' }, ME),
        received('b'),
      ],
    },
    {
      name: 'an item that is filtered out does not answer a poll',
      origin: [
        hold('response', 'filter-10; filter=skip-self', { headers: [['Grip-Set-Meta', 'user=alice']] }),
      ],
      steps: [
        get('/'),
        subscribed('filter-10'),
        publish('filter-10', { 'http-response': 'mine' }, ME),
        publish('filter-10', { 'http-response': 'yours' }, { meta: { sender: 'bob' } }),
        responded(),
      ],
    },
    {
      name: 'an item that is filtered out is one that the client has',
      origin: [
        hold('response', 'filter-11; prev-id=1; filter=skip-self', {
          headers: [['Grip-Set-Meta', 'user=alice']],
        }),
      ],
      steps: [
        get('/'),
        subscribed('filter-11'),
        publish('filter-11', { 'http-response': 'mine' }, { ...ME, id: '2', 'prev-id': '1' }),
        publish('filter-11', { 'http-response': 'yours' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'var-subst changes what answers a poll',
      origin: [
        hold('response', 'filter-12; filter=var-subst', { headers: [['Grip-Set-Meta', 'user=alice']] }),
      ],
      steps: [
        get('/'),
        subscribed('filter-12'),
        publish('filter-12', { 'http-response': 'hello %(user)s' }),
        responded(),
      ],
    },
    {
      name: 'build-id puts the ids that the client has into the content',
      origin: [
        hold('stream', 'filter-13; prev-id=a1; filter=build-id', {
          body: 'open ',
          headers: [
            ['Grip-Set-Meta', 'id_format="v-%(filter-13)s"'],
            ['Grip-Link', '</next>; rel=next'],
          ],
        }),
      ],
      steps: [
        get('/'),
        subscribed('filter-13'),
        publish('filter-13', { 'http-stream': '%I %(lit)I 100%% ' }, { id: 'a2', 'prev-id': 'a1' }),
        publish('filter-13', { 'http-stream': '%I.' }, { id: 'a3', 'prev-id': 'a2' }),
        received('.'),
      ],
      expect: { difference: 'D-build-id', clients: { client: stream('open v-a1 lit 100% v-a2.') } },
    },
    {
      name: 'build-id can write ids in hex',
      origin: [
        hold('stream', 'filter-14; prev-id=C3PO; filter=build-id', {
          body: 'open ',
          headers: [
            ['Grip-Set-Meta', 'id_format="%(filter-14)s", id_encoding=hex'],
            ['Grip-Link', '</next>; rel=next'],
          ],
        }),
      ],
      steps: [
        get('/'),
        subscribed('filter-14'),
        publish('filter-14', { 'http-stream': '%I %(R2D2)I.' }, { id: 'a2', 'prev-id': 'C3PO' }),
        received('.'),
      ],
      expect: { difference: 'D-build-id', clients: { client: stream('open 4333504f 52324432.') } },
    },
    {
      name: 'build-id changes the body of the instruct too',
      origin: [
        hold('stream', 'filter-15; filter=build-id', {
          body: 'open %(abc)I 100%% ',
          headers: [['Grip-Set-Meta', 'id_format=x']],
        }),
      ],
      steps: [get('/'), received('%'), subscribed('filter-15')],
    },
    {
      name: 'build-id without a format ends the stream where errors are shown',
      setup: { route: { debug: true } },
      origin: [hold('stream', 'filter-16; filter=build-id', { body: 'open ' })],
      steps: [get('/'), responded()],
    },
    failing('a variable that is not known ends the stream where errors are shown', 'filter-20', 'a %(nope)s'),
    failing('a lone percent sign ends the stream where errors are shown', 'filter-21', '50%'),
    failing('a directive that is not known ends the stream where errors are shown', 'filter-22', '%d'),
    failing('a variable without an end ends the stream where errors are shown', 'filter-23', '%(x'),
    {
      name: 'an item that a filter fails on does not answer a poll',
      origin: [hold('response', 'filter-24; filter=var-subst')],
      steps: [
        get('/'),
        subscribed('filter-24'),
        publish('filter-24', { 'http-response': '%(nope)s' }),
        onOurs(publish('filter-24', { 'http-response': 'item' })),
        responded(),
      ],
      expect: {
        difference: 'D-filter-errors',
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
      name: 'an item that a filter fails on is not written',
      origin: [streamOf('filter-28', '; filter=var-subst', undefined)],
      steps: [
        get('/'),
        subscribed('filter-28'),
        publish('filter-28', { 'http-stream': '%(nope)s' }),
        onReference(responded()),
        onOurs(publish('filter-28', { 'http-stream': 'item' })),
        onOurs(received('item')),
      ],
      expect: { difference: 'D-filter-errors', clients: { client: stream('open item') } },
    },
    {
      name: 'an item for other content-filters is not written',
      origin: [streamOf('filter-29', '; filter=var-subst', undefined)],
      steps: [
        get('/'),
        subscribed('filter-29'),
        publish('filter-29', { 'http-stream': { content: 'no', 'content-filters': [] } }),
        onReference(responded()),
        onOurs(publish('filter-29', { 'http-stream': 'item' })),
        onOurs(received('item')),
      ],
      expect: { difference: 'D-filter-errors', clients: { client: stream('open item') } },
    },
    {
      name: 'content-filters that are those of the subscription are fine',
      origin: [streamOf('filter-25', '; filter=skip-self; filter=var-subst', 'user=alice')],
      steps: [
        get('/'),
        subscribed('filter-25'),
        publish('filter-25', {
          'http-stream': { content: 'hello %(user)s', 'content-filters': ['var-subst'] },
        }),
        received('alice'),
      ],
    },
    {
      name: 'other content-filters end the stream where errors are shown',
      setup: { route: { debug: true } },
      origin: [streamOf('filter-26', '; filter=var-subst', 'user=alice')],
      steps: [
        get('/'),
        subscribed('filter-26'),
        publish('filter-26', { 'http-stream': { content: 'hello', 'content-filters': [] } }),
        responded(),
      ],
    },
    {
      name: 'other content-filters end a poll where errors are shown',
      setup: { route: { debug: true } },
      origin: [hold('response', 'filter-27')],
      steps: [
        get('/'),
        subscribed('filter-27'),
        publish('filter-27', { 'http-response': { body: 'hello', 'content-filters': ['var-subst'] } }),
        responded(),
      ],
    },
  ],
};
