import type { Role } from '../../../bench/contenders/contender.js';
import type { Shape } from '../../../bench/report/growth.js';
import { type CurveResult, type Results, type RowResult, summarize } from '../../../bench/report/result.js';
import { atLeast } from '../../../bench/report/target.js';
import type { Load, Sample } from '../../../bench/sample.js';

const IDLE: Load = { server: 1, drivers: 0.5, others: 0, steal: 0 };
export const NONE = { lost: 0, duplicates: 0, closed: 0, errors: 0 };

/** A row with one target. */
export const ROW = {
  name: 'some',
  title: 'Some work',
  counts: 'things',
  main: 'rate',
  also: [],
  targets: [atLeast(8, 'Pushpin')],
} as const;

/** What came of it, by the rate of each repetition. */
export function rowOf(rates: Partial<Record<Role, number[]>>, troubles = NONE, load = IDLE): RowResult {
  const samples = Object.entries(rates).map(
    ([role, values]) => [role as Role, values.map((rate) => sampleOf(rate, troubles, load))] as const,
  );
  return summarize(ROW, new Map(samples), {});
}

export function sampleOf(rate: number, troubles = NONE, load = IDLE): Sample {
  return { values: { rate }, troubles, load };
}

/** What came of a run. */
export function resultsOf(...rows: RowResult[]): Results {
  const machine = { cpu: 'a CPU', cores: 2, memoryGigabytes: 8, system: 'Linux', node: 'v20' };
  const where = { date: '2026-11-22', commit: 'abc', effort: 'full', command: 'npm run bench' };
  return { ...where, machine, isPinned: true, versions: { pushpin: 'Pushpin 1' }, rows, curves: [] };
}

/** What came of a curve, by P-8's cost at each point; theory holds from `from` on. */
export function curveOf(shape: Shape, costs: Readonly<Record<number, number>>, from = 1): CurveResult {
  const points = Object.entries(costs).map(([at, cpu]) => {
    const sample: Sample = { values: { cpu }, troubles: NONE, load: IDLE };
    return { at: Number(at), row: summarize({ ...ROW, main: 'cpu' }, new Map([['P-8', [sample]]]), {}) };
  });
  return { name: 'curve', title: 'A curve', axis: 'things', theory: 'As theory says.', shape, from, points };
}
