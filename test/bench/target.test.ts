import assert from 'node:assert/strict';
import { atLeast, atMost, judge } from '../../bench/report/target.js';

describe('targets of a bench row', () => {
  it('are reached when the ratio is', () => {
    const values = { 'P-8': { rate: 20_000 }, Pushpin: { rate: 2500 } };
    assert.deepEqual(judge(atLeast(8, 'Pushpin'), values), {
      target: 'at least 8 × Pushpin',
      actual: 8,
      isReached: true,
    });
    assert.equal(judge(atLeast(8.1, 'Pushpin'), values).isReached, false);
  });

  it('bound latencies from above', () => {
    const values = { 'P-8': { p99: 9 }, 'bare Node': { p99: 10 } };
    assert.deepEqual(judge(atMost(1, 'bare Node', 'p99'), values), {
      target: 'p99 at most 1 × bare Node',
      actual: 0.9,
      isReached: true,
    });
  });

  it('can be numbers', () => {
    const verdict = judge(atMost(6, undefined, 'memory'), { 'P-8': { memory: 12.5 } });
    assert.deepEqual(verdict, { target: 'memory at most 6 KB', actual: 12.5, isReached: false });
  });

  it('are neither reached nor missed where somebody was not measured', () => {
    const verdict = judge(atLeast(8, 'Pushpin'), { 'P-8': { rate: 20_000 } });
    assert.equal(verdict.isReached, undefined);
  });
});
