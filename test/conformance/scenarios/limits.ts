import { type Answer, answer, hold } from '../answer.js';
import type { Field } from '../field.js';
import type { Group } from '../scenario.js';
import { get, post, publish, received, responded, subscribed } from '../steps.js';

const LIMIT = 100_000;

function text(length: number): string {
  return '0123456789'.repeat(length / 10 + 1).slice(0, length);
}

function instructOf(length: number, fields: readonly Field[] = [['Grip-Channel', 'unused']]): Answer {
  return answer(text(length), { headers: [['Content-Type', 'text/plain'], ...fields] });
}

/** What happens at 100,000 bytes, up to which bodies are kept. */
export const limits: Group = {
  name: 'limits',
  scenarios: [
    {
      name: 'an instruct of 100,000 bytes is taken',
      origin: [instructOf(LIMIT)],
      steps: [get('/'), responded()],
    },
    {
      name: 'an instruct over 100,000 bytes is a 502',
      origin: [instructOf(LIMIT + 1)],
      steps: [get('/'), responded()],
    },
    {
      name: 'an instruct over 100,000 bytes is a 502 that says why where errors are shown',
      setup: { route: { debug: true } },
      origin: [{ ...hold('response', 'limit-1'), body: text(LIMIT + 1) }],
      mounts: { only: 'remote', because: 'the message names the target, which has no name in process' },
      steps: [get('/'), responded()],
    },
    {
      name: 'a response with a Grip- field that means nothing is an instruct too',
      origin: [instructOf(LIMIT + 1, [['Grip-Unknown', 'x']])],
      steps: [get('/'), responded()],
    },
    {
      name: 'a stream hold may begin with any number of bytes',
      origin: [{ ...hold('stream', 'limit-2', { headers: [['Grip-Status', '201']] }), body: text(250_000) }],
      steps: [
        get('/'),
        subscribed('limit-2'),
        publish('limit-2', { 'http-stream': '<item>' }),
        publish('limit-2', { 'http-stream': { action: 'close' } }),
        responded(),
      ],
    },
    {
      name: 'a response that goes on at a link may have any number of bytes',
      origin: {
        '/': [instructOf(LIMIT + 1, [['Grip-Link', '</next>; rel=next']])],
        '/next': [answer('<next>')],
      },
      steps: [get('/'), responded()],
    },
    {
      name: 'a linked response may have any number of bytes',
      origin: {
        '/': [instructOf(10, [['Grip-Link', '</next>; rel=next']])],
        '/next': [answer(text(250_000))],
      },
      steps: [get('/'), responded()],
    },
    {
      name: 'a long body with a filter on it is a 502',
      origin: [{ ...hold('stream', 'limit-3; filter=build-id'), body: text(LIMIT + 1) }],
      steps: [get('/'), responded()],
    },
    {
      name: 'a request of 100,000 bytes may be held',
      origin: [hold('response', 'limit-4')],
      steps: [
        post('/', text(LIMIT)),
        subscribed('limit-4'),
        publish('limit-4', { 'http-response': 'item' }),
        responded(),
      ],
    },
    {
      name: 'a request over 100,000 bytes cannot be held',
      origin: [hold('response', 'limit-5')],
      steps: [post('/', text(LIMIT + 1)), responded()],
    },
    {
      name: 'a request over 100,000 bytes cannot have an instruct for an answer',
      origin: [instructOf(10)],
      steps: [post('/', text(LIMIT + 1)), responded()],
    },
    {
      name: 'an item over 100,000 bytes answers a poll',
      origin: [hold('response', 'limit-6')],
      steps: [
        get('/'),
        subscribed('limit-6'),
        publish('limit-6', { 'http-response': text(250_000) }),
        responded(),
      ],
    },
    {
      name: 'a burst of small items arrives whole',
      origin: [hold('stream', 'limit-7', { body: 'open\n' })],
      steps: [
        get('/'),
        subscribed('limit-7'),
        ...Array.from({ length: 30 }, (_, i) => publish('limit-7', { 'http-stream': `item ${i}\n` })),
        received('item 29\n'),
      ],
    },
  ],
};
