/** Milliseconds, or text such as `500ms`, `55s`, `10m`, `2h`, `1m30s`. */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The milliseconds of a duration.
 * @throws TypeError where it is none, or negative.
 */
export function milliseconds(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parse(duration);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new TypeError(
    `'${duration}' is no duration: use milliseconds, or text such as '500ms', '55s', '10m', '1m30s'`,
  );
}

function parse(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return Number.NaN;
  let ms = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g))
    ms += Number(value) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms;
}
