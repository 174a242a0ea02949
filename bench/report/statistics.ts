/** The value in the middle; of two, their mean. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** From the lowest to the highest value, as a share of their median. 0 without values. */
export function spread(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
