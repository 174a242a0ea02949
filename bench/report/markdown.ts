import { ROLES, type Role } from '../contenders/contender.js';
import type { Troubles } from '../drivers/job.js';
import { METRICS } from '../metrics.js';
import { growthInWords } from './growth.js';
import { rounded, times, withUnit } from './numbers.js';
import type { ContenderResult, CurveResult, Results, RowResult } from './result.js';
import type { Verdict } from './target.js';

/** What a run has brought. */
export function toMarkdown(results: Results): string {
  const { rows, curves } = results;
  return [
    ...(rows.length === 0
      ? []
      : [...origin(results), overview(rows), '', '### In detail', '', ...rows.map(details)]),
    ...(curves.length === 0
      ? []
      : [
          '### How cost grows',
          '',
          ...origin(results),
          "Microseconds of the server's CPU for each delivery.",
          '',
          ...curves.map(curveTable),
        ]),
  ].join('\n');
}

/** The rows of a run without their details. */
export function overviewOf(results: Results): string {
  return [...origin(results), overview(results.rows)].join('\n');
}

/** When, where and of what. */
function origin({ machine, versions, date, commit, effort, isPinned, command }: Results): string[] {
  return [
    `Measured on ${date} at commit ${commit} by \`${command}\`${effort === 'full' ? '' : ` (**${effort}**: short runs, for development only)`},`,
    `on ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGigabytes} GB, ${machine.system}, Node ${machine.node}.`,
    ...(isPinned ? [] : ['Server and clients shared all cores.']),
    `${Object.values(versions).join('; ')}.`,
    '',
  ];
}

/** One line for each row. */
function overview(rows: readonly RowResult[]): string {
  const lines = rows.map((row) => {
    const values = ROLES.map((role) => withUnit(row.contenders[role]?.medians[row.main], row.main));
    const mine = row.contenders['P-8']?.medians[row.main];
    const ratios = (['Pushpin', 'bare Node'] as const).map((role) =>
      times(mine, row.contenders[role]?.medians[row.main]),
    );
    return `| ${[row.title, ...values, ...ratios, row.verdicts.map(verdict).join('; ')].join(' | ')} |`;
  });
  return [
    `| work | ${ROLES.join(' | ')} | to Pushpin | to bare Node | target |`,
    `|---|${'---|'.repeat(ROLES.length + 3)}`,
    ...lines,
  ].join('\n');
}

function verdict({ target, actual, isReached }: Verdict): string {
  if (isReached === undefined || actual === undefined) return `${target}: not compared`;
  return isReached ? `${target}: reached` : `**${target}: ${rounded(actual)}**`;
}

/** How cost grows with one quantity. */
function curveTable(curve: CurveResult): string {
  const { title, axis, theory, points } = curve;
  const roles = ROLES.filter((role) => points.some(({ row }) => row.contenders[role] !== undefined));
  const line = (name: string, values: readonly string[]): string => `| ${[name, ...values].join(' | ')} |`;
  return [
    `**${title}**`,
    '',
    line(
      axis,
      points.map(({ at }) => at.toLocaleString('en-US')),
    ),
    `|---|${'---|'.repeat(points.length)}`,
    ...roles.map((role) =>
      line(
        role,
        points.map(({ row }) => withTroubles(row.contenders[role])),
      ),
    ),
    '',
    `${theory} ${growthInWords(curve)}`,
    '',
  ].join('\n');
}

function withTroubles(result: ContenderResult | undefined): string {
  const value = result?.medians.cpu;
  if (result === undefined || value === undefined) return '-';
  const trouble = troubles(result.troubles);
  return trouble === 'none' ? rounded(value) : `${rounded(value)} (${trouble})`;
}

/** A table of its own for a row: all numbers of all who were measured. */
function details({ title, counts, main, also, contenders, skipped }: RowResult): string {
  const metrics = [main, ...also];
  const lines = ROLES.flatMap((role) => {
    const result = contenders[role];
    const reason = skipped[role];
    if (result !== undefined) return [detailLine(role, metrics, result)];
    return reason === undefined
      ? []
      : [`| ${role} | ${metrics.map(() => '-').join(' | ')} | - | ${reason} |`];
  });
  const heads = metrics.map((metric) => (metric === 'rate' ? `${counts}/s` : headOf(metric)));
  return [
    `**${title}**`,
    '',
    `| | ${heads.join(' | ')} | trouble | remarks |`,
    `|---|${'---|'.repeat(metrics.length + 2)}`,
    ...lines,
    '',
  ].join('\n');
}

function detailLine(role: Role, metrics: readonly (keyof typeof METRICS)[], result: ContenderResult): string {
  const values = metrics.map((metric) => {
    const value = result.medians[metric];
    if (value === undefined) return '-';
    const spread = result.spreads[metric] ?? 0;
    const several = result.samples.length > 1 && metric === metrics[0];
    return several ? `${rounded(value)} (spread ${Math.round(spread * 100)} %)` : rounded(value);
  });
  return `| ${[role, ...values, troubles(result.troubles), result.remarks.join('; ')].join(' | ')} |`;
}

function headOf(metric: keyof typeof METRICS): string {
  return metric === 'cpu' ? 'server CPU each, µs' : `${metric}, ${METRICS[metric].unit}`;
}

function troubles(counts: Troubles): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([name, count]) => `${count} ${name}`).join(', ');
}
