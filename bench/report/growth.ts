import type { Role } from '../contenders/contender.js';
import { rounded } from './numbers.js';
import type { CurveResult } from './result.js';

/** How the cost of one grows with a quantity: not at all, or no more than the quantity itself. */
export type Shape = 'flat' | 'linear';

/** How fast cost may grow: its exponent, where 1 is as fast as the quantity. Flat is what grows 1.8 times when that grows tenfold, since caches get too small. */
const MAX_EXPONENT: Readonly<Record<Shape, number>> = { flat: 0.25, linear: 1.1 };

/** What is less than this many times as high is lower. */
const FALLING = 0.8;

/** What is measured of a curve's shape, beside what theory says. */
export interface Growth {
  readonly from: number;
  readonly to: number;
  /** How many times the cost of the first point the last one has. */
  readonly times: number;
  readonly isAsExpected: boolean;
}

/** How somebody's cost grows from where theory holds. Undefined: too few points were measured. */
export function growthOf({ points, shape, from }: CurveResult, role: Role): Growth | undefined {
  const costs = points.flatMap(({ at, row }) => {
    const cost = row.contenders[role]?.medians.cpu;
    return at < from || cost === undefined || cost <= 0 ? [] : [{ at, cost }];
  });
  const [first, last] = [costs[0], costs.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const times = last.cost / first.cost;
  const exponent = Math.log(times) / Math.log(last.at / first.at);
  return { from: first.at, to: last.at, times, isAsExpected: exponent <= MAX_EXPONENT[shape] };
}

/** A sentence for the report. */
export function growthInWords(curve: CurveResult): string {
  const growth = growthOf(curve, 'P-8');
  if (growth === undefined) return 'Too little was measured to see how it grows.';
  const { from, to, times, isAsExpected } = growth;
  const what = `From ${amount(from)} to ${amount(to)} ${curve.axis} (${rounded(to / from)} ×), P-8's cost of one is ${rounded(times)} times as high`;
  const limit = curve.shape === 'flat' ? 'flat' : 'no more than linear';
  if (!isAsExpected) return `**${what}: theory says ${limit}.**`;
  return `${what}: ${times < FALLING ? 'falling' : limit}.`;
}

function amount(value: number): string {
  return value.toLocaleString('en-US');
}
