import assert from 'node:assert/strict';
import { times, withUnit } from '../../bench/report/numbers.js';
import { median, spread } from '../../bench/report/statistics.js';

describe('numbers of a bench report', () => {
  it('the median is the middle value, or the mean of the two in the middle', () => {
    assert.equal(median([30, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 30]), 3);
    assert.equal(median([7]), 7);
  });

  it('the spread is the distance of the extremes as a share of the median', () => {
    assert.equal(spread([90, 100, 120]), 0.3);
    assert.equal(spread([5]), 0);
    assert.equal(spread([]), 0);
  });

  it('numbers are shown with three digits and their unit', () => {
    assert.equal(withUnit(25_849.4, 'rate'), '25,800/s');
    assert.equal(withUnit(0.012_34, 'p99'), '0.0123 ms');
    assert.equal(withUnit(undefined, 'memory'), '-');
  });

  it('a ratio is shown only where there are two values', () => {
    assert.equal(times(80_000, 10_000), '8 ×');
    assert.equal(times(80_000, undefined), '-');
    assert.equal(times(80_000, 0), '-');
  });
});
