import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lexRouteLine } from 'p-8';

/** The sections as `[value, [name, value], …]`, or the message. */
function lex(line: string): unknown {
  const result = lexRouteLine(line);
  return result.ok
    ? result.value.map(({ value, properties }) => [value, Object.fromEntries(properties)])
    : result.message;
}

describe('a line of a routes file', () => {
  const sections: [string, unknown][] = [
    ['apple', [['apple', {}]]],
    [
      'apple banana',
      [
        ['apple', {}],
        ['banana', {}],
      ],
    ],
    [
      '  apple   banana  # comment',
      [
        ['apple', {}],
        ['banana', {}],
      ],
    ],
    [
      'apple,organic,type=gala,from="washington, \\"usa\\""',
      [['apple', { organic: '', type: 'gala', from: 'washington, "usa"' }]],
    ],
    [
      'apple,organic banana cherry,type=bing',
      [
        ['apple', { organic: '' }],
        ['banana', {}],
        ['cherry', { type: 'bing' }],
      ],
    ],
    [',organic', [['', { organic: '' }]]],
    ['type=gala', [['', { type: 'gala' }]]],
    ['type=gala,organic', [['', { type: 'gala', organic: '' }]]],
    ['"type=gala"', [['', { type: 'gala' }]]],
    ['a#b c', [['a', {}]]],
    [
      'a "b c",x',
      [
        ['a', {}],
        ['b c', { x: '' }],
      ],
    ],
    [
      'a\tb c',
      [
        ['a\tb', {}],
        ['c', {}],
      ],
    ],
    ['a,x=1=2', [['a', { x: '1=2' }]]],
    ['a"#"b', [['a#b', {}]]],
    ['a,x="back\\\\slash"', [['a', { x: 'back\\slash' }]]],
    ['a\\b', [['a\\b', {}]]],
    [
      '"" t',
      [
        ['', {}],
        ['t', {}],
      ],
    ],
    ['', []],
    ['   ', []],
    ['# only a comment', []],
  ];
  for (const [line, expected] of sections) {
    it(`reads ${JSON.stringify(line)}`, () => assert.deepEqual(lex(line), expected));
  }

  const errors: [string, string][] = [
    ['apple,organic,type="gala', 'unterminated quoted section'],
    ['apple,organic,', 'expecting prop'],
    ['apple,,organic', 'expecting prop'],
    ['apple,organic,=gala', 'empty prop name'],
    ['a b,x="\\n"', 'unexpected escape character: n'],
    ['a b,x="\\', 'unterminated escape sequence'],
    ['a, b', 'expecting prop'],
    ['a,x,#', 'expecting prop'],
  ];
  for (const [line, message] of errors) {
    it(`refuses ${JSON.stringify(line)}`, () => assert.equal(lex(line), message));
  }

  it('keeps a repeated property in order', () => {
    const result = lexRouteLine('a,x=1,x=2');
    assert.deepEqual(result.ok && result.value[0]?.properties, [
      ['x', '1'],
      ['x', '2'],
    ]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab,="\\ #\t') }), (line) => void lexRouteLine(line)),
    );
  });

  it('gives back every value that is quoted', () => {
    const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('='));
        assert.deepEqual(lex(`x,k=${quote(text)} ${quote(text)}`), [
          ['x', { k: text }],
          [text, {}],
        ]);
      }),
    );
  });
});
