import assert from 'node:assert/strict';
import { insertReport } from '../../bench/report/document.js';
import { toMarkdown } from '../../bench/report/markdown.js';
import { toPlot } from '../../bench/report/plot.js';
import { summarize } from '../../bench/report/result.js';
import { NONE, ROW, resultsOf, rowOf, sampleOf } from './support/results.js';

describe('the report of a bench run', () => {
  it('has the median and the spread of the repetitions, and says what is reached', () => {
    const row = rowOf({ 'P-8': [900, 1000, 1100], Pushpin: [100, 100, 130] });
    assert.equal(row.contenders['P-8']?.medians.rate, 1000);
    assert.equal(row.contenders['P-8']?.spreads.rate, 0.2);
    assert.deepEqual(
      row.verdicts.map(({ isReached }) => isReached),
      [true, true],
    );
    const text = toMarkdown(resultsOf(row));
    assert.match(
      text,
      /\| Some work \| 1,000\/s \| 100\/s \| - \| - \| 10 × \| - \| at least 8 × Pushpin: reached;/,
    );
    assert.match(text, /\| P-8 \| 1,000 \(spread 20 %\) \| none \| {2}\|/);
  });

  it('marks targets that are missed', () => {
    const text = toMarkdown(resultsOf(rowOf({ 'P-8': [700], Pushpin: [100] })));
    assert.match(text, /\*\*at least 8 × Pushpin: 7\*\*/);
  });

  it('counts losses as a target of its own', () => {
    const row = rowOf({ 'P-8': [800] }, { ...NONE, lost: 3 });
    assert.deepEqual(row.verdicts.at(-1), {
      target: 'no losses, duplicates, closed connections, errors',
      actual: 3,
      isReached: false,
    });
    assert.match(toMarkdown(resultsOf(row)), /\| 3 lost \|/);
  });

  it('says when the client was the limit, and when the machine was busy', () => {
    const load = { server: 0.6, drivers: 0.99, others: 0.5, steal: 0.2 };
    assert.deepEqual(rowOf({ 'P-8': [800] }, NONE, load).contenders['P-8']?.remarks, [
      'the client was the limit (99 % of its core, the server 60 %)',
      'other programs used 50 % of a core',
      'the host took 20 % of a core',
    ]);
    const fair = rowOf({ 'P-8': [800] }, NONE, { ...load, server: 0.97, others: 0, steal: 0 });
    assert.deepEqual(fair.contenders['P-8']?.remarks, []);
  });

  it('says why somebody was not measured', () => {
    const row = summarize(ROW, new Map([['P-8', [sampleOf(1)]]]), { nginx: 'nginx is not installed' });
    assert.match(toMarkdown(resultsOf(row)), /\| nginx \| - \| - \| nginx is not installed \|/);
  });

  it('draws rows in which somebody can be compared with Pushpin', () => {
    const plot = toPlot(resultsOf(rowOf({ 'P-8': [800], Pushpin: [100] })));
    assert.match(plot, /<title>P-8: 8.00<\/title>/);
    assert.doesNotMatch(toPlot(resultsOf(rowOf({ 'P-8': [800] }))), /Some work/);
  });

  it('replaces the one before in the document', () => {
    const [begin, end] = ['<!-- bench: written by npm run bench -- --write -->', '<!-- /bench -->'];
    assert.equal(insertReport(`# A\n${begin}\nold\n${end}\nB\n`, 'new'), `# A\n${begin}\n\nnew\n${end}\nB\n`);
    assert.throws(() => insertReport('# A\n', 'new'), /no place for the report/);
  });
});
