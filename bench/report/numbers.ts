import { METRICS, type Metric } from '../metrics.js';

/** Three digits that count: `12,300`, `1.23`. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** A value with its unit. */
export function withUnit(value: number | undefined, metric: Metric): string {
  if (value === undefined) return '-';
  const { unit } = METRICS[metric];
  return unit === '/s' ? `${rounded(value)}/s` : `${rounded(value)} ${unit}`;
}

/** How many times something is another. */
export function times(value: number | undefined, other: number | undefined): string {
  if (value === undefined || other === undefined || other === 0) return '-';
  return `${rounded(value / other)} ×`;
}
