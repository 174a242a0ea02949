import assert from 'node:assert/strict';
import * as theirMain from '@fanoutio/grip';
import * as theirFanout from '@fanoutio/grip/fastly-fanout';
import * as theirNode from '@fanoutio/grip/node';
import * as ourMain from '@p-8/publisher-client';
import * as ourFanout from '@p-8/publisher-client/fastly-fanout';
import * as ourNode from '@p-8/publisher-client/node';

/** What a name stands for: a class, a function, or a value, which is shown. */
function kindOf(value: unknown): unknown {
  if (typeof value !== 'function') return value;
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

/** The methods of a class, and of its instances. */
function methodsOf(value: unknown): string[] {
  if (kindOf(value) !== 'class') return [];
  const { prototype } = value as { prototype: object };
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
}

const ENTRIES: readonly (readonly [entry: string, theirs: object, ours: object])[] = [
  ['@fanoutio/grip', theirMain, ourMain],
  ['@fanoutio/grip/node', theirNode, ourNode],
  ['@fanoutio/grip/fastly-fanout', theirFanout, ourFanout],
  ['Auth', theirMain.Auth, ourMain.Auth],
];

for (const [entry, theirs, ours] of ENTRIES) {
  describe(`every name of ${entry}`, () => {
    for (const [name, value] of Object.entries(theirs)) {
      if (name === 'Auth') continue;
      it(`is there: ${name}`, () => {
        const our: unknown = Object.entries(ours).find(([one]) => one === name)?.[1];
        assert.deepEqual(kindOf(our), kindOf(value));
        const methods = methodsOf(our);
        for (const method of methodsOf(value)) assert.ok(methods.includes(method), `${name}.${method}`);
      });
    }
  });
}
