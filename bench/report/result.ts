import type { Role } from '../contenders/contender.js';
import type { Troubles } from '../drivers/job.js';
import type { MachineDescription } from '../machine/machine.js';
import { METRICS, type Metric, type Values } from '../metrics.js';
import type { Row } from '../row.js';
import type { Sample } from '../sample.js';
import type { Shape } from './growth.js';
import { median, spread } from './statistics.js';
import { judge, type Verdict } from './target.js';

/** What came of a contender in a row. */
export interface ContenderResult {
  readonly medians: Values;
  /** From the lowest to the highest, as a share of the median. */
  readonly spreads: Values;
  /** Summed over all repetitions. */
  readonly troubles: Troubles;
  readonly remarks: readonly string[];
  readonly samples: readonly Sample[];
}

/** What came of a row. */
export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly counts: string;
  readonly main: Metric;
  readonly also: readonly Metric[];
  readonly contenders: Readonly<Partial<Record<Role, ContenderResult>>>;
  /** Why others were not measured. */
  readonly skipped: Readonly<Partial<Record<Role, string>>>;
  readonly verdicts: readonly Verdict[];
}

/** What came of a curve: the rows at its points. */
export interface CurveResult {
  readonly name: string;
  readonly title: string;
  readonly axis: string;
  readonly theory: string;
  readonly shape: Shape;
  /** The first point for which that holds. */
  readonly from: number;
  readonly points: readonly { readonly at: number; readonly row: RowResult }[];
}

/** What came of a run, and where: of rows or of curves. */
export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly effort: string;
  readonly command: string;
  readonly machine: MachineDescription;
  /** Whether server and clients had cores of their own. */
  readonly isPinned: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly RowResult[];
  readonly curves: readonly CurveResult[];
}

/** Share of a core from which on whoever has it can hardly do more. */
const BUSY = 0.92;

/** Share of a core that others may use until it is worth a remark. */
const DISTURBING = 0.1;

/** Sums up the samples of a row. */
export function summarize(
  row: Pick<Row, 'name' | 'title' | 'counts' | 'main' | 'also' | 'targets'>,
  samples: ReadonlyMap<Role, readonly Sample[]>,
  skipped: Readonly<Partial<Record<Role, string>>>,
): RowResult {
  const contenders: Partial<Record<Role, ContenderResult>> = {};
  for (const [role, some] of samples) if (some.length > 0) contenders[role] = summarizeContender(some);
  const { name, title, counts, main, also, targets } = row;
  const medians = Object.fromEntries(
    Object.entries(contenders).map(([role, result]) => [role, result.medians]),
  );
  const verdicts = targets.map((target) => judge(target, medians));
  const mine = contenders['P-8'];
  if (mine !== undefined) verdicts.push(withoutTrouble(mine.troubles));
  return { name, title, counts, main, also, contenders, skipped, verdicts };
}

function summarizeContender(samples: readonly Sample[]): ContenderResult {
  const medians: Partial<Record<Metric, number>> = {};
  const spreads: Partial<Record<Metric, number>> = {};
  for (const metric of Object.keys(METRICS) as Metric[]) {
    const values = samples.map((sample) => sample.values[metric]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    medians[metric] = median(values);
    spreads[metric] = spread(values);
  }
  const sum = (name: keyof Troubles): number =>
    samples.reduce((total, { troubles }) => total + troubles[name], 0);
  const troubles = {
    lost: sum('lost'),
    duplicates: sum('duplicates'),
    closed: sum('closed'),
    errors: sum('errors'),
  };
  return { medians, spreads, troubles, remarks: remarksOn(samples), samples };
}

/** What whoever reads the numbers has to know. */
function remarksOn(samples: readonly Sample[]): string[] {
  const of = (name: 'server' | 'drivers' | 'others' | 'steal'): number =>
    median(samples.map(({ load }) => load[name]));
  const remarks: string[] = [];
  if (of('drivers') >= BUSY && of('server') < BUSY) {
    remarks.push(
      `the client was the limit (${percent(of('drivers'))} of its core, the server ${percent(of('server'))})`,
    );
  }
  if (of('others') >= DISTURBING) remarks.push(`other programs used ${percent(of('others'))} of a core`);
  if (of('steal') >= DISTURBING) remarks.push(`the host took ${percent(of('steal'))} of a core`);
  return remarks;
}

function withoutTrouble(troubles: Troubles): Verdict {
  const actual = Object.values(troubles).reduce((sum, count) => sum + count, 0);
  return { target: 'no losses, duplicates, closed connections, errors', actual, isReached: actual === 0 };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
