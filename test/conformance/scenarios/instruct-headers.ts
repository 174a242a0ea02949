import { type Answer, answer } from '../answer.js';
import type { Field } from '../field.js';
import type { Group, Scenario } from '../scenario.js';
import { get, request, responded } from '../steps.js';

const TEXT: Field = ['Content-Type', 'text/plain'];

/** An instruct without a hold, which is answered at once. */
function immediate(fields: readonly Field[], more: Omit<Answer, 'headers'> = {}): Answer {
  return { body: 'hello world', ...more, headers: [TEXT, ...fields] };
}

/** A response that is no valid instruct: a 502 that says why, as the route is for debugging. */
function invalid(field: Field): Scenario {
  const [name, value] = field;
  return {
    name: `${name}: ${value} is refused`,
    setup: { route: { debug: true } },
    origin: [immediate([['Grip-Channel', 'unused'], field])],
    steps: [get('/'), responded()],
  };
}

/** A response whose field is not a reason to fail, and changes nothing for the client. */
function harmless(field: Field): Scenario {
  const [name, value] = field;
  return {
    name: `${name}: ${value} is taken`,
    setup: { route: { debug: true } },
    origin: [immediate([['Grip-Channel', 'unused'], field])],
    steps: [get('/'), responded()],
  };
}

/** Instructs in the fields of a response, without a hold. */
export const instructHeaders: Group = {
  name: 'instruct-headers',
  scenarios: [
    {
      name: 'an instruct without a hold is answered at once, without its Grip- fields',
      origin: [immediate([['Grip-Channel', 'unused']])],
      steps: [get('/'), responded()],
    },
    {
      name: 'Grip- fields are fields in any letter case, known or not',
      origin: [
        immediate([
          ['gRIP-cHANNEL', 'unused'],
          ['GRIP-UNKNOWN', 'x'],
          ['X-Grip-Like', 'stays'],
        ]),
      ],
      steps: [get('/'), responded()],
    },
    {
      name: 'an instruct with an empty body is answered',
      origin: [immediate([['Grip-Channel', 'unused']], { body: '' })],
      steps: [get('/'), responded()],
    },
    {
      name: 'status, reason and fields of an instruct without a hold reach the client',
      origin: [
        immediate(
          [
            ['Grip-Channel', 'unused'],
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
            ['ETag', '"1"'],
          ],
          { status: 404, reason: 'Gone Fishing' },
        ),
      ],
      steps: [get('/'), responded()],
    },
    {
      name: 'an instruct that comes in parts is answered',
      origin: [immediate([['Grip-Channel', 'unused']], { body: ['hello ', 'wor', 'ld'] })],
      steps: [get('/'), responded()],
    },
    {
      name: 'a 204 may be an instruct',
      origin: [
        {
          status: 204,
          headers: [
            ['Grip-Channel', 'unused'],
            ['X-A', 'a'],
          ],
        },
        answer('next'),
      ],
      steps: [get('/'), responded(1), get('/next'), responded(2)],
    },
    {
      name: 'the answer to a HEAD may be an instruct',
      origin: [immediate([['Grip-Channel', 'unused']]), answer('next')],
      steps: [request('HEAD', '/'), responded(1), get('/next'), responded(2)],
    },
    {
      name: 'Grip-Status sets the status',
      origin: [immediate([['Grip-Status', '404']])],
      steps: [get('/'), responded()],
    },
    {
      name: 'Grip-Status sets the reason',
      origin: [immediate([['Grip-Status', '404 Nothing To See Here']])],
      steps: [get('/'), responded()],
    },
    {
      name: 'Grip-Status of a code without a standard reason',
      origin: [immediate([['Grip-Status', '299']])],
      steps: [get('/'), responded()],
    },
    {
      name: 'Grip-Expose-Headers names the only fields that the client sees',
      origin: [
        immediate([
          ['Grip-Expose-Headers', 'X-A, x-b'],
          ['X-A', 'a'],
          ['X-B', 'b'],
          ['X-C', 'c'],
        ]),
      ],
      steps: [get('/'), responded()],
    },
    {
      name: 'an empty Grip-Expose-Headers hides nothing',
      origin: [
        immediate([
          ['Grip-Expose-Headers', ''],
          ['X-A', 'a'],
        ]),
      ],
      steps: [get('/'), responded()],
    },
    harmless(['Grip-Timeout', '0']),
    harmless(['Grip-Timeout', ' 10']),
    harmless(['Grip-Status', '']),
    harmless(['Grip-Keep-Alive', '']),
    harmless(['Grip-Keep-Alive', 'x; timeout="10']),
    harmless(['Grip-Link', '</next>']),
    harmless(['Grip-Link', '</prev>; rel=prev']),
    harmless(['Grip-Channel', '']),
    harmless(['Grip-Channel', 'a; unknown=1; filter=unknown, ,b']),
    harmless(['Grip-Set-Meta', 'a="x, y", b']),
    invalid(['Grip-Hold', 'none']),
    invalid(['Grip-Hold', 'Response']),
    invalid(['Grip-Hold', '']),
    invalid(['Grip-Timeout', 'soon']),
    invalid(['Grip-Timeout', '-1']),
    invalid(['Grip-Timeout', '1.5']),
    invalid(['Grip-Keep-Alive', '; timeout=5']),
    invalid(['Grip-Keep-Alive', 'x; mode=often']),
    invalid(['Grip-Keep-Alive', 'x; timeout=soon']),
    invalid(['Grip-Keep-Alive', 'x; timeout=-1']),
    invalid(['Grip-Keep-Alive', 'x; format=hex']),
    invalid(['Grip-Keep-Alive', 'abc\\; format=cstring']),
    invalid(['Grip-Keep-Alive', '\\x4; format=cstring']),
    invalid(['Grip-Keep-Alive', '\\q; format=cstring']),
    invalid(['Grip-Set-Meta', 'a=1,,b=2']),
    invalid(['Grip-Status', '1000']),
    invalid(['Grip-Status', 'fine']),
    invalid(['Grip-Status', '-1']),
    invalid(['Grip-Link', '/next; rel=next']),
    invalid(['Grip-Link', '<>; rel=next']),
    invalid(['Grip-Link', '</n?a=1,2>; rel=next']),
    invalid(['Grip-Link', '<http://[>; rel=next']),
    invalid(['Grip-Link', '</a>; rel=next; timeout=soon']),
    invalid(['Grip-Link', '</a>; rel=next; timeout=-1']),
    {
      ...invalid(['Grip-Channel', `a${'; filter=skip-self'.repeat(6)}`]),
      expect: {
        difference: 'D-filter-limit',
        clients: {
          client: {
            replies: [
              {
                status: '502 Bad Gateway',
                headers: ['content-type: text/plain'],
                body: "Failed to parse accept instructions: too many filters for channel 'a'\n",
                end: 'complete',
              },
            ],
          },
        },
      },
    },
    {
      name: 'without debugging an invalid instruct is a 502 that says nothing',
      origin: [immediate([['Grip-Hold', 'none']])],
      steps: [get('/'), responded()],
    },
  ],
};
