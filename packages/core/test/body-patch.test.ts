import assert from 'node:assert/strict';
import fc from 'fast-check';
import { patchBody } from '../src/sessions/body-patch.js';

const LIMITS = { bytes: 1_048_576, operations: 1000, depth: 100 };

/** The body that a patch makes of `body`, as text; undefined: it fails. */
function patch(body: string, ...operations: unknown[]): string | undefined {
  const result = patchBody(Buffer.from(body), operations, LIMITS);
  return typeof result === 'string' ? undefined : Buffer.from(result).toString();
}

function op(name: string, path: string, more: object = {}): object {
  return { op: name, path, ...more };
}

describe('body-patch', () => {
  it('P1 to P6 applies operations one after another', () => {
    let document = '{"foo":"bar"}';
    const steps: [operation: object, document: unknown][] = [
      [op('test', '/foo', { value: 'bar' }), { foo: 'bar' }],
      [op('add', '/fruit', { value: ['apple'] }), { foo: 'bar', fruit: ['apple'] }],
      [op('copy', '/fruit/-', { from: '/foo' }), { foo: 'bar', fruit: ['apple', 'bar'] }],
      [
        op('replace', '/fruit/1', { value: { cherries: true, grapes: 5 } }),
        { foo: 'bar', fruit: ['apple', { cherries: true, grapes: 5 }] },
      ],
      [op('remove', '/fruit/1/cherries'), { foo: 'bar', fruit: ['apple', { grapes: 5 }] }],
      [op('move', '/foo', { from: '/fruit/0' }), { foo: 'apple', fruit: [{ grapes: 5 }] }],
    ];
    for (const [operation, expected] of steps) {
      document = patch(document, operation) ?? assert.fail();
      assert.deepEqual(JSON.parse(document), expected);
    }
  });

  it('P7 sorts the members, and keeps the end of the line', () => {
    const add = op('add', '/a/-', { value: 3 });
    assert.equal(patch('{"b":1,"a":[1,2]}\n', add), '{"a":[1,2,3],"b":1}\n');
    assert.equal(patch('{"b":1,"a":[1,2]}\r\n', add), '{"a":[1,2,3],"b":1}\r\n');
    assert.equal(patch('{"b":1,"a":[1,2]}', add), '{"a":[1,2,3],"b":1}');
  });

  it('P8 inserts into arrays, as RFC 6902 says and Pushpin does not', () => {
    assert.equal(patch('{"b":1,"a":[1,2]}\n', op('add', '/a/0', { value: 9 })), '{"a":[9,1,2],"b":1}\n');
    assert.equal(patch('[1,2]', op('add', '/2', { value: 9 })), '[1,2,9]');
  });

  it('reaches the whole document by an empty pointer', () => {
    assert.equal(patch('{"a":1}', op('replace', '', { value: [1] })), '[1]');
    assert.equal(patch('{"a":1}', op('test', '', { value: { a: 1 } })), '{"a":1}');
    assert.equal(patch('{"a":1}', op('add', '/', { value: 2 })), '{"":2,"a":1}');
  });

  it('reads ~0 and ~1 in pointers', () => {
    assert.equal(
      patch('{"a/b":1,"m~n":2}', op('remove', '/a~1b'), op('replace', '/m~0n', { value: 3 })),
      '{"m~n":3}',
    );
  });

  const failing: [name: string, operation: unknown][] = [
    ['a test that does not hold', op('test', '/foo', { value: 'other' })],
    ['a place that is not there', op('replace', '/nope', { value: 1 })],
    ['a removal of what is not there', op('remove', '/nope')],
    ['an index past the end', op('add', '/list/5', { value: 1 })],
    ['the place after the last element, to be read', op('remove', '/list/-')],
    ['a parent that is not there', op('add', '/nope/x', { value: 1 })],
    ['a pointer without a slash', op('add', 'foo', { value: 1 })],
    ['a move into itself', op('move', '/object/inner', { from: '/object' })],
    ['an operation that does not exist', op('frobnicate', '/foo')],
    ['a pointer that is no text', { op: 'add', path: 5, value: 1 }],
    ['a from that is no text', { op: 'copy', path: '/x', from: {} }],
    ['null', null],
    ['text', 'add'],
    ['nothing', {}],
    ['an index with a leading zero', op('replace', '/list/01', { value: 1 })],
    ['an index that is no number', op('replace', '/list/x', { value: 1 })],
    ['an addition without a value', op('add', '/x')],
    ['a test without a value', op('test', '/nope')],
    ['a test of an array against an object', op('test', '/list', { value: { 0: 1 } })],
    ['a test of what has a member more', op('test', '', { value: { foo: 'bar', list: [1] } })],
    ['a test of other members', op('test', '/object', { value: { toString: 1 } })],
  ];
  for (const [name, operation] of failing) {
    it(`fails as a whole on ${name}`, () => {
      const body = '{"foo":"bar","list":[1],"object":{}}';
      assert.equal(patch(body, op('add', '/before', { value: 1 }), operation), undefined);
    });
  }

  it('P10 fails on a body that is not JSON, or no object or array', () => {
    for (const body of ['nothing', '', '5', '"text"', 'null', '{"a":1', '\xff']) {
      assert.equal(patch(body, op('add', '/a', { value: 1 })), undefined, body);
    }
  });

  describe('against prototype pollution', () => {
    const pointers = [
      '/__proto__/polluted',
      '/constructor/prototype/polluted',
      '/a/__proto__',
      '/prototype',
      '/a/constructor',
    ];
    for (const pointer of pointers) {
      it(`refuses the pointer ${pointer}, to write and to read`, () => {
        const body = '{"a":{}}';
        assert.equal(patch(body, op('add', pointer, { value: 'yes' })), undefined);
        assert.equal(patch(body, op('replace', pointer, { value: 'yes' })), undefined);
        assert.equal(patch(body, op('copy', '/b', { from: pointer })), undefined);
        assert.equal(patch(body, op('move', pointer, { from: '/a' })), undefined);
        assert.equal('polluted' in {}, false);
      });
    }

    it('takes members __proto__ of the body for members like others, and harms nobody with those of a value', () => {
      const value: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
      const result = patch('{"__proto__":{"x":1}}', op('add', '/b', { value }));
      assert.match(result ?? '', /^\{"__proto__":\{"x":1\},"b":/);
      assert.equal('polluted' in {}, false);
    });

    it('sees no members in what objects, arrays and texts inherit', () => {
      for (const pointer of [
        '/toString/polluted',
        '/hasOwnProperty/call',
        '/list/push/polluted',
        '/list/length',
      ]) {
        const body = '{"list":[1,2],"text":"x"}';
        assert.equal(patch(body, op('add', pointer, { value: 0 })), undefined, pointer);
        assert.equal(patch(body, op('copy', '/b', { from: pointer })), undefined, pointer);
      }
      assert.equal(patch('{"text":"x"}', op('test', '/text/length', { value: 1 })), undefined);
      assert.equal(patch('{}', op('remove', '/toString')), undefined);
      assert.equal('polluted' in Object.prototype.toString, false);
    });

    it('never changes what all objects have, whatever it is told', () => {
      const part = fc.constantFrom(
        '__proto__',
        'constructor',
        'prototype',
        'toString',
        'a',
        '0',
        '-',
        '~1',
        '',
      );
      const pointer = fc.array(part, { maxLength: 4 }).map((parts) => parts.map((one) => `/${one}`).join(''));
      const operation = fc.record({
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
        path: pointer,
        from: pointer,
        value: fc.jsonValue(),
      });
      const all = (): string[] =>
        [Object.prototype, Object.prototype.toString, Array.prototype, Function.prototype].flatMap((one) =>
          Object.getOwnPropertyNames(one).sort(),
        );
      const before = all();
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
          patch('{"a":{"a":[{}]}}', ...operations);
          assert.deepEqual(all(), before);
        }),
      );
    });
  });

  it('leaves the operations and their values as they were', () => {
    const operations = [op('add', '/a', { value: { b: 1 } }), op('add', '/a/c', { value: 2 })];
    const copy = structuredClone(operations);
    patch('{}', ...operations);
    patch('{}', ...operations);
    assert.deepEqual(operations, copy);
  });
});
