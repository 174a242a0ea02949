import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OldestFirst } from '../src/hub/oldest-first.js';

describe('OldestFirst', () => {
  it('knows the entry that was set longest ago, whatever is set and deleted', () => {
    const key = fc.integer({ min: 0, max: 8 });
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constantFrom('drop oldest' as const, 'look' as const, 'clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const entries = new OldestFirst<number, number>();
        const model = new Map<number, number>();
        steps.forEach((one, value) => {
          if (one.do === 'set') {
            entries.set(one.key, value);
            model.delete(one.key);
            model.set(one.key, value);
          } else if (one.do === 'delete') {
            entries.delete(one.key);
            model.delete(one.key);
          } else if (one.do === 'clear') {
            entries.clear();
            model.clear();
          } else {
            const [oldest] = model;
            assert.deepEqual(entries.oldest, oldest);
            if (one.do === 'drop oldest' && oldest !== undefined) {
              entries.delete(oldest[0]);
              model.delete(oldest[0]);
            }
          }
          assert.equal(entries.size, model.size);
        });
        for (const [name, value] of model)
          assert.deepEqual([entries.has(name), entries.get(name)], [true, value]);
      }),
    );
  });
});
