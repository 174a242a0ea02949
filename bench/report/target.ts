import type { Role } from '../contenders/contender.js';
import { METRICS, type Metric, type Values } from '../metrics.js';

/** What P-8 must reach: some times what another has, or a number. */
export interface Target {
  readonly metric: Metric;
  readonly bound: 'at least' | 'at most';
  readonly factor: number;
  /** Undefined: the factor is the value itself, in the metric's unit. */
  readonly of: Role | undefined;
}

/** A target, and how far P-8 is. */
export interface Verdict {
  readonly target: string;
  /** P-8's value in terms of the target: its factor, or its value. Undefined: it could not be compared. */
  readonly actual: number | undefined;
  readonly isReached: boolean | undefined;
}

export function atLeast(factor: number, of: Role, metric: Metric = 'rate'): Target {
  return { metric, bound: 'at least', factor, of };
}

export function atMost(factor: number, of: Role | undefined, metric: Metric): Target {
  return { metric, bound: 'at most', factor, of };
}

/** Compares P-8 with the others. `values`: the medians of each. */
export function judge(target: Target, values: Readonly<Partial<Record<Role, Values>>>): Verdict {
  const { metric, bound, factor, of } = target;
  const mine = values['P-8']?.[metric];
  const theirs = of === undefined ? 1 : values[of]?.[metric];
  const actual = mine === undefined || !theirs ? undefined : mine / theirs;
  const isReached =
    actual === undefined ? undefined : bound === 'at least' ? actual >= factor : actual <= factor;
  return { target: inWords(target), actual, isReached };
}

function inWords({ metric, bound, factor, of }: Target): string {
  const what = metric === 'rate' || metric === 'throughput' ? '' : `${metric} `;
  const value = of === undefined ? `${factor} ${METRICS[metric].unit}` : `${factor} × ${of}`;
  return `${what}${bound} ${value}`;
}
