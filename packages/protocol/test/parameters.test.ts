import assert from 'node:assert/strict';
import { findParameter, parseAllParameters, parseParameters, splitHeader, splitList } from '@p-8/protocol';
import fc from 'fast-check';
import { fields } from './helpers.js';

/** `value{name: value}`, as tables of GRIP write elements. */
function show(element: string): string | undefined {
  const parsed = parseParameters(element);
  if (parsed === undefined) return undefined;
  const params = parsed.params.map(({ name, value }) => (value === undefined ? name : `${name}: ${value}`));
  return `${parsed.value}{${params.join(', ')}}`;
}

describe('lists in headers', () => {
  it('reads repeated fields and a comma list alike', () => {
    const expected = ['apple', 'banana', 'cherry'];
    assert.deepEqual(
      splitHeader(fields('Fruit: apple', 'Fruit: banana', 'fruit: cherry'), 'Fruit'),
      expected,
    );
    assert.deepEqual(splitHeader(fields('Fruit: apple, banana, cherry'), 'Fruit'), expected);
    assert.deepEqual(splitHeader(fields('Fruit: apple', 'X: y', 'Fruit: banana,cherry'), 'Fruit'), expected);
  });

  const table: [string, string[]][] = [
    ['a,,b', ['a', '', 'b']],
    ['a,', ['a']],
    [',a', ['', 'a']],
    ['', []],
    [',', ['']],
    ['"apple', ['"apple']],
    ['"apple\\', ['"apple\\']],
    ['"a, b", c', ['"a, b"', 'c']],
    ['"a\\", b", c', ['"a\\", b"', 'c']],
    ['a, "b, c', ['a', '"b, c']],
    ['\ta \t,\tb', ['a', 'b']],
  ];
  for (const [value, elements] of table) {
    it(`splits ${JSON.stringify(value)}`, () => assert.deepEqual(splitList(value), elements));
  }

  it('keeps letters whose UTF-8 ends in the byte of a no-break space', () => {
    // `à` is C3 A0.
    assert.deepEqual(splitHeader(['Fruit', 'voil\xc3\xa0, b'], 'Fruit'), ['voilà', 'b']);
  });

  it('takes text that an application set in the same process as it is', () => {
    assert.deepEqual(splitHeader(['Fruit', 'é, ☃'], 'Fruit'), ['é', '☃']);
    assert.deepEqual(splitHeader(['Fruit', 'é'], 'Fruit'), ['é']);
  });

  it('gives back what was joined', () => {
    const element = fc.stringMatching(/^[a-z;=]+$/);
    fc.assert(
      fc.property(fc.array(element), (elements) => {
        assert.deepEqual(splitList(elements.join(', ')), elements);
      }),
    );
  });

  it('takes time in proportion to the length', () => {
    for (const piece of [',', '"', '\\', '" \\', 'a,"', ' ']) {
      const value = piece.repeat(500_000);
      const start = process.cpuUsage();
      splitList(value);
      parseParameters(value);
      parseAllParameters(value);
      assert.ok(process.cpuUsage(start).user < 2_000_000, piece);
    }
  });
});

describe('parameters in headers', () => {
  const table: [string, string | undefined][] = [
    ['apple; type="granny, smith"', 'apple{type: granny, smith}'],
    ['banana; type="\\"yellow\\""', 'banana{type: "yellow"}'],
    ['apple; type=gala', 'apple{type: gala}'],
    ['banana; type="yellow, cherry', undefined],
    ['banana; type="yellow\\', undefined],
    ['x;y="1" junk;z', 'x{y: 1, z}'],
    ['"a;b"; k=v', '"a{b", k: v}'],
    ['x; y=', 'x{y: }'],
    ['x; y= " z " ', 'x{y: " z "}'],
    ['x; y = 1 ;z', 'x{y: 1, z}'],
    ['x;', 'x{}'],
    ['x;;y', 'x{y}'],
    ['x; =v', 'x{: v}'],
    ['x; y="a\\\\b"', 'x{y: a\\b}'],
    ['; y=1', '{y: 1}'],
    ['', '{}'],
  ];
  for (const [element, expected] of table) {
    it(`reads ${element === '' ? 'nothing' : element}`, () => assert.equal(show(element), expected));
  }

  it('drops a broken element and keeps the good ones', () => {
    const elements = splitList('apple; type=gala, banana; type="yellow, cherry');
    assert.deepEqual(elements.map(show), ['apple{type: gala}', undefined]);
  });

  it('reads elements that have only parameters', () => {
    assert.deepEqual(parseAllParameters('a="x, y"; b'), [
      { name: 'a', value: 'x, y' },
      { name: 'b', value: undefined },
    ]);
    assert.deepEqual(parseAllParameters(''), []);
    assert.equal(parseAllParameters('a="x'), undefined);
  });

  it('finds the first of a name whatever its case', () => {
    const params = parseAllParameters('a=1; B=2; b=3') ?? [];
    assert.equal(findParameter(params, 'b')?.value, '2');
    assert.equal(findParameter(params, 'c'), undefined);
  });

  it('reads back any value that is quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = value.replace(/["\\]/g, (char) => `\\${char}`);
        const [element] = splitList(`x; y="${quoted}", z`);
        assert.equal(findParameter(parseParameters(element ?? '')?.params ?? [], 'y')?.value, value);
      }),
    );
  });
});
