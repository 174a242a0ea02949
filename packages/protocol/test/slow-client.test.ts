import assert from 'node:assert/strict';
import { parseInstruct, parseSlowClient, type SlowClientPolicies } from '@p-8/protocol';
import fc from 'fast-check';
import { expectFailure, expectOk, fields, origin } from './helpers.js';

const WORDS = ['recover', 'close', 'conflate'] as const;

function read(...values: string[]): SlowClientPolicies | undefined {
  return expectOk(parseSlowClient(values.flatMap((value) => ['Grip-Slow-Client', value])));
}

function policies(
  all: SlowClientPolicies['all'],
  channels: Record<string, SlowClientPolicies['all']> = {},
): unknown {
  return { all, channels: new Map(Object.entries(channels)) };
}

describe('Grip-Slow-Client', () => {
  it('says nothing without the field', () => {
    assert.equal(expectOk(parseSlowClient(['Grip-Hold', 'stream'])), undefined);
  });

  for (const word of WORDS) {
    it(`knows ${word}, for all channels and for one`, () => {
      assert.deepEqual(read(word), policies(word));
      assert.deepEqual(read(`${word}; channel=a`), policies(undefined, { a: word }));
    });
  }

  const table: [string[], unknown][] = [
    [['conflate; channel=prices, close'], policies('close', { prices: 'conflate' })],
    [['close, conflate; channel=prices'], policies('close', { prices: 'conflate' })],
    [['conflate; channel=a, recover; channel=b'], policies(undefined, { a: 'conflate', b: 'recover' })],
    [
      ['close', 'conflate; channel=a', 'recover; channel=b'],
      policies('close', { a: 'conflate', b: 'recover' }),
    ],
    [['close; channel="a, b; c"'], policies(undefined, { 'a, b; c': 'close' })],
    [['close; channel="a\\"b"'], policies(undefined, { 'a"b': 'close' })],
    [['close; channel=__proto__'], { all: undefined, channels: new Map([['__proto__', 'close']]) }],
    [['close; channel=caf\xc3\xa9'], policies(undefined, { café: 'close' })],
    [['close; Channel=A'], policies(undefined, { A: 'close' })],
    [['  close ;channel = a '], policies(undefined, { a: 'close' })],
    [['close; unknown=1'], policies('close')],
    [['close,'], policies('close')],
    [[''], policies(undefined)],
  ];
  for (const [values, expected] of table) {
    it(`reads ${values.join(' | ')}`, () => assert.deepEqual(read(...values), expected));
  }

  it('counts the last word on a channel, and on all', () => {
    assert.deepEqual(
      read('close, close; channel=a', 'recover, conflate; channel=a'),
      policies('recover', { a: 'conflate' }),
    );
  });

  it('is found whatever the letter case of its name', () => {
    assert.deepEqual(expectOk(parseSlowClient(fields('grip-SLOW-client: close'))), policies('close'));
  });

  for (const value of [
    'drop',
    'Close',
    '"close"',
    'close recover',
    'close,, recover',
    '; channel=a',
    'close; channel="a',
  ]) {
    it(`refuses ${value}, and names the words that there are`, () => {
      const message = expectFailure(parseSlowClient(['Grip-Slow-Client', value]));
      for (const word of ['Grip-Slow-Client', ...WORDS]) assert.ok(message.includes(word), message);
    });
  }

  it('refuses a channel without a name, which must not count for all', () => {
    assert.match(expectFailure(parseSlowClient(['Grip-Slow-Client', 'close; channel'])), /channel/);
  });

  it('is part of an instruct, and one that is wrong spoils it', () => {
    const lines = ['Grip-Hold: stream', 'Grip-Channel: a'];
    const instruct = expectOk(parseInstruct(origin(...lines, 'Grip-Slow-Client: conflate; channel=a')));
    assert.deepEqual(instruct.slowClient, policies(undefined, { a: 'conflate' }));
    assert.equal(expectOk(parseInstruct(origin(...lines))).slowClient, undefined);
    assert.match(
      expectFailure(parseInstruct(origin(...lines, 'Grip-Slow-Client: wait'))),
      /Grip-Slow-Client/,
    );
  });

  it('never throws, and gives no word that it does not know', () => {
    const pieces = fc.constantFrom(
      ...WORDS,
      'channel=',
      'channel',
      ';',
      ',',
      '"',
      '\\',
      '=',
      ' ',
      'é',
      '\xe9',
      '\0',
      'a',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const result = parseSlowClient(values.flatMap((one) => ['Grip-Slow-Client', one]));
        if (!result.ok || result.value === undefined) return;
        const { all, channels } = result.value;
        for (const word of [all ?? 'close', ...channels.values()]) assert.ok(WORDS.includes(word));
      }),
      { numRuns: 300 },
    );
  });

  it('reads what it should from any channel names', () => {
    const name = fc.stringMatching(/^[ -~]+$/);
    const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.dictionary(name, fc.constantFrom(...WORDS)), (channels) => {
        const list = Object.entries(channels);
        const value = list.map(([channel, word]) => `${word}; channel=${quoted(channel)}`).join(', ');
        assert.deepEqual(read(value)?.channels, new Map(list));
      }),
      { numRuns: 100 },
    );
  });
});
