import assert from 'node:assert/strict';
import { publish, publishedMarkdown } from '../../bench/report/published.js';
import { curveOf, resultsOf, rowOf } from './support/results.js';

const rows = { ...resultsOf(rowOf({ 'P-8': [800], Pushpin: [100] })), date: 'Monday' };
const curves = { ...resultsOf(), date: 'Tuesday', curves: [curveOf('flat', { 1: 2, 10: 2 })] };

describe('what users see of rows and of curves, which are measured in runs of their own', () => {
  it('has both, each with when it was measured, whichever came first', () => {
    const text = publishedMarkdown(publish(publish({}, rows), curves));
    assert.match(
      text,
      /^Measured on Monday [\s\S]*Some work[\s\S]*### How cost grows\n\nMeasured on Tuesday [\s\S]*A curve/,
    );
    assert.equal(publishedMarkdown(publish(publish({}, curves), rows)), text);
  });

  it('has what was measured last of each, and of the rows what was measured before that', () => {
    const first = publish(publish({}, rows), curves);
    const second = publish(first, { ...rows, date: 'Friday' });
    assert.match(
      publishedMarkdown(second),
      /^Measured on Friday [\s\S]*### The run before\n\nMeasured on Monday [\s\S]*Some work[\s\S]*Measured on Tuesday /,
    );
    const third = publishedMarkdown(publish(second, { ...rows, date: 'Sunday' }));
    assert.match(third, /^Measured on Sunday [\s\S]*The run before\n\nMeasured on Friday /);
    assert.doesNotMatch(third, /Monday/);
  });

  it('shows the cost at each point, what theory says, and what came of it', () => {
    const text = publishedMarkdown(publish({}, curves));
    assert.match(
      text,
      /\| things \| 1 \| 10 \|\n[^\n]*\n\| P-8 \| 2 \| 2 \|\n\nAs theory says\. From 1 to 10 things .*: flat\./,
    );
    assert.doesNotMatch(text, /In detail/);
  });

  it('says so where nothing has been measured', () => {
    assert.equal(publishedMarkdown({}), 'Not measured yet.\n');
  });
});
