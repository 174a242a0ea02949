import assert from 'node:assert/strict';
import { growthInWords, growthOf } from '../../bench/report/growth.js';
import { curveOf } from './support/results.js';

describe('a curve of a bench run', () => {
  it('is flat when what is many times as much costs about the same', () => {
    const curve = curveOf('flat', { 10: 40, 100: 8, 1000: 9, 10000: 10 }, 100);
    assert.deepEqual(growthOf(curve, 'P-8'), { from: 100, to: 10_000, times: 1.25, isAsExpected: true });
    assert.equal(
      growthInWords(curve),
      "From 100 to 10,000 things (100 ×), P-8's cost of one is 1.25 times as high: flat.",
    );
  });

  it('is as good as flat when the cost falls', () => {
    const curve = curveOf('flat', { 1: 40, 10: 4 });
    assert.equal(growthOf(curve, 'P-8')?.isAsExpected, true);
    assert.match(growthInWords(curve), / 0\.1 times as high: falling\.$/);
  });

  it('is linear when the cost grows no faster than the quantity', () => {
    assert.match(
      growthInWords(curveOf('linear', { 1: 2, 10: 3, 100: 200 })),
      /100 times as high: no more than linear\.$/,
    );
  });

  it('says so when the cost grows faster than theory says', () => {
    assert.match(
      growthInWords(curveOf('flat', { 1: 2, 100: 200 })),
      /^\*\*From 1 .*: theory says flat\.\*\*$/,
    );
    assert.match(
      growthInWords(curveOf('linear', { 1: 2, 10: 200 })),
      /: theory says no more than linear\.\*\*$/,
    );
  });

  it('needs two points where theory holds', () => {
    const curve = curveOf('flat', { 1: 2, 100: 200 }, 10);
    assert.equal(growthOf(curve, 'P-8'), undefined);
    assert.equal(growthInWords(curve), 'Too little was measured to see how it grows.');
  });
});
