import { type Answer, answer, hold, instruct } from '../answer.js';
import type { Field } from '../field.js';
import type { Expectation, Group } from '../scenario.js';
import {
  asked,
  control,
  get,
  item,
  publish,
  publishAll,
  received,
  release,
  responded,
  subscribed,
  within,
} from '../steps.js';

const HINT = { 'http-stream': { action: 'hint' } };

function link(uri: string, parameters = ''): Field {
  return ['Grip-Link', `<${uri}>; rel=next${parameters}`];
}

/** A response whose content goes on at a link. */
function continued(body: Answer['body'], uri: string): Answer {
  return { body: body ?? '', headers: [['Content-Type', 'text/plain'], link(uri)] };
}

/** What P-8 makes of a linked response that it cannot use: nothing of it is written. */
function unwritten(body: string): Expectation {
  const reply = { status: '200 OK', headers: ['content-type: text/plain'], body, end: 'complete' };
  return { difference: 'D-linked-errors', clients: { client: { replies: [reply] } } };
}

/** Streams whose content is fetched piece by piece: `Grip-Link` with `rel=next`. */
export const nextLinks: Group = {
  name: 'next-links',
  scenarios: [
    {
      name: 'without a hold the link is followed at once',
      origin: { '/': [continued('one ', '/next')], '/next': [answer('two')] },
      steps: [get('/', { headers: [['Cookie', 'a=1']] }), responded()],
    },
    {
      name: 'links are followed from link to link, each relative to the one before',
      origin: {
        '/a/start': [continued('one ', 'next/?x=1')],
        '/a/next/': [continued('two ', '?y=2'), continued('three ', '../../b')],
        '/b': [answer('four')],
      },
      steps: [get('/a/start?z'), responded()],
    },
    {
      name: 'the status and the fields of a linked response do not matter',
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [{ status: 201, reason: 'Odd', headers: [['X-Next', 'x']], body: 'two' }],
      },
      steps: [get('/'), responded()],
    },
    {
      name: 'a linked response may come in parts',
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [answer(['two ', { until: 'two arrived' }, 'three'])],
      },
      steps: [get('/'), received('two'), release('two arrived'), responded()],
    },
    {
      name: 'a linked response may hold',
      origin: { '/': [continued('one ', '/next')], '/next': [hold('stream', 'next-1', { body: 'two ' })] },
      steps: [
        get('/'),
        received('two'),
        subscribed('next-1'),
        publish('next-1', { 'http-stream': 'three' }),
        received('three'),
      ],
    },
    {
      name: 'a hint follows the link of a hold',
      origin: {
        '/': [hold('stream', 'next-2', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('two')],
      },
      steps: [get('/'), subscribed('next-2'), publish('next-2', HINT), responded()],
    },
    {
      name: 'the ids that the client has go to the link in Grip-Last',
      origin: {
        '/': [
          hold('stream', ['next-3a; prev-id=a1', 'next-3b; prev-id=b1', 'next-3c'], {
            body: 'one ',
            headers: [link('/next?x=1')],
          }),
        ],
        '/next': [answer('end')],
      },
      steps: [
        get('/', { headers: [['Cookie', 'a=1']] }),
        subscribed('next-3a'),
        subscribed('next-3c'),
        publish('next-3a', { 'http-stream': 'two ' }, { id: 'a2', 'prev-id': 'a1' }),
        received('two'),
        publish('next-3c', HINT),
        responded(),
      ],
    },
    {
      name: 'an item that does not follow on the last one makes the link be followed',
      origin: {
        '/': [hold('stream', 'next-4; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('two three')],
      },
      steps: [
        get('/'),
        subscribed('next-4'),
        publish('next-4', { 'http-stream': 'three' }, { id: '3', 'prev-id': '2' }),
        responded(),
      ],
    },
    {
      name: 'an item without an id before it makes the link be followed where the client has one',
      origin: {
        '/': [hold('stream', 'next-5; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('two')],
      },
      steps: [get('/'), subscribed('next-5'), publish('next-5', { 'http-stream': 'two' }), responded()],
    },
    {
      name: 'items that follow on one another are written without asking the origin',
      origin: {
        '/': [hold('stream', 'next-6; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('never')],
      },
      steps: [
        get('/'),
        subscribed('next-6'),
        publishAll([
          item('next-6', { 'http-stream': 'two ' }, { id: '2', 'prev-id': '1' }),
          item('next-6', { 'http-stream': 'three ' }, { id: '3', 'prev-id': '2' }),
          item('next-6', { 'http-stream': { action: 'close' } }, { id: '4', 'prev-id': '3' }),
        ]),
        responded(),
      ],
    },
    {
      name: 'a stream that begins older than the last item asks its link at once',
      origin: {
        '/other': [hold('stream', 'next-13')],
        '/': [hold('stream', 'next-13; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('two')],
      },
      steps: [
        get('/other', { client: 'other' }),
        subscribed('next-13'),
        publish('next-13', { 'http-stream': 'two' }, { id: '2', 'prev-id': '1' }),
        received('two', { client: 'other' }),
        get('/'),
        responded(),
      ],
    },
    {
      name: 'recover makes every stream ask its link',
      origin: {
        '/': [hold('stream', 'next-14; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer('two')],
      },
      steps: [get('/'), subscribed('next-14'), control('POST', '/recover', [], ''), responded()],
    },
    {
      name: 'a hint that comes while the link is asked makes it be asked again',
      origin: {
        '/': [hold('stream', 'next-15', { body: 'one ', headers: [link('/next')] })],
        '/next': [
          hold('stream', ['next-15', 'next-15x'], {
            body: ['two ', { until: 'the hint came' }],
            headers: [link('/last')],
          }),
        ],
        '/last': [answer('three')],
      },
      steps: [
        get('/'),
        subscribed('next-15'),
        publish('next-15', HINT),
        received('two'),
        publish('next-15', HINT),
        release('the hint came'),
        responded(),
      ],
    },
    {
      name: 'a linked response replaces the channels of the hold',
      origin: {
        '/': [hold('stream', ['next-7a', 'next-7b'], { body: 'one ', headers: [link('/next')] })],
        '/next': [hold('stream', ['next-7b', 'next-7c'], { body: 'two ' })],
      },
      steps: [
        get('/'),
        subscribed('next-7b'),
        publish('next-7a', HINT),
        subscribed('next-7c'),
        publish('next-7a', { 'http-stream': 'a' }),
        publish('next-7b', { 'http-stream': 'b' }),
        publish('next-7c', { 'http-stream': 'c' }),
        received('c'),
      ],
    },
    {
      name: 'after a linked response without a link hints do nothing',
      origin: {
        '/': [hold('stream', 'next-8', { body: 'one ', headers: [link('/next')] })],
        '/next': [hold('stream', ['next-8', 'next-8x'], { body: 'two ' })],
      },
      steps: [
        get('/'),
        subscribed('next-8'),
        publish('next-8', HINT),
        subscribed('next-8x'),
        publish('next-8', HINT),
        publish('next-8', { 'http-stream': 'three' }),
        received('three'),
      ],
    },
    {
      name: 'items that come while the link is asked follow on its answer',
      origin: {
        '/': [hold('stream', 'next-9; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [
          hold('stream', 'next-9; prev-id=3', {
            body: ['two three ', { until: 'items came' }],
            headers: [link('/next')],
          }),
        ],
      },
      steps: [
        get('/'),
        subscribed('next-9'),
        publish('next-9', { 'http-stream': 'three ' }, { id: '3', 'prev-id': '2' }),
        received('two three'),
        publish('next-9', { 'http-stream': 'four ' }, { id: '4', 'prev-id': '3' }),
        publish('next-9', { 'http-stream': 'five ' }, { id: '5', 'prev-id': '4' }),
        release('items came'),
        received('five'),
      ],
    },
    {
      name: 'a link is followed when its time is over',
      origin: {
        '/': [hold('stream', 'next-10', { body: 'one ', headers: [link('/next', '; timeout=2')] })],
        '/next': [answer('two')],
      },
      steps: [get('/'), subscribed('next-10'), within(3000, responded())],
    },
    {
      name: 'a link of another service of the same host is followed',
      origin: { '/': [continued('one ', 'http://example.com/next')], '/next': [answer('two')] },
      steps: [get('/'), responded()],
    },
    {
      name: 'a link that fails is asked again after a second',
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [answer('broken', { status: 500 }), answer('two')],
      },
      steps: [get('/'), asked(2), within(2500, responded())],
    },
    {
      name: 'a linked response that is cut ends the stream',
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [
          answer(['two', { until: 'two arrived' }], { headers: [['Content-Length', '99']], cut: true }),
        ],
      },
      steps: [get('/'), received('two'), release('two arrived'), responded()],
      expect: {
        difference: 'D-cut-responses',
        clients: {
          client: {
            replies: [
              { status: '200 OK', headers: ['content-type: text/plain'], body: 'one two', end: 'cut' },
            ],
          },
        },
      },
    },
    {
      name: 'a linked response with a response hold ends the stream',
      setup: { route: { debug: true } },
      origin: { '/': [continued('one ', '/next')], '/next': [hold('response', 'next-11', { body: 'two' })] },
      steps: [get('/'), responded()],
      expect: unwritten('one \n\nNext link returned non-stream hold.\n'),
    },
    {
      name: 'a linked response that is no valid instruct ends the stream',
      setup: { route: { debug: true } },
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [answer('two', { headers: [['Grip-Hold', 'none']] })],
      },
      steps: [get('/'), responded()],
      expect: unwritten("one \n\nGrip-Hold must be set to either 'response' or 'stream'\n"),
    },
    {
      name: 'without debugging the end of a stream says nothing',
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [answer('two', { headers: [['Grip-Hold', 'none']] })],
      },
      steps: [get('/'), responded()],
      expect: unwritten('one '),
    },
    {
      name: 'a linked response cannot be a JSON instruct',
      setup: { route: { debug: true } },
      origin: {
        '/': [continued('one ', '/next')],
        '/next': [instruct({ hold: { mode: 'stream', channels: [] } })],
      },
      steps: [get('/'), responded()],
      expect: unwritten('one \n\nfailed to parse application/grip-instruct content as JSON\n'),
    },
    {
      name: 'of several next links the last one counts',
      origin: {
        '/': [answer('one ', { headers: [['Grip-Link', '</no>; rel=next, </next>; rel="next"']] })],
        '/next': [answer('two')],
      },
      steps: [get('/'), responded()],
    },
    {
      name: 'an empty response may go on at a link',
      origin: { '/': [continued('', '/next')], '/next': [answer('all')] },
      steps: [get('/'), responded()],
    },
    {
      name: 'clients that ask the same link at the same time share the answer',
      origin: {
        '/': [hold('stream', 'next-12; prev-id=1', { body: 'one ', headers: [link('/next')] })],
        '/next': [answer([{ until: 'both ask' }, 'two'])],
      },
      steps: [
        get('/', { client: 'a' }),
        subscribed('next-12', 1),
        get('/', { client: 'b' }),
        subscribed('next-12', 2),
        publish('next-12', HINT),
        asked(3),
        release('both ask'),
        responded(1, 'a'),
        responded(1, 'b'),
      ],
    },
  ],
};
