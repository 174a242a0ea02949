import type { Contender, Role } from './contenders/contender.js';
import type { Metric } from './metrics.js';
import type { Target } from './report/target.js';
import type { Sample } from './sample.js';
import type { Trial } from './trial.js';

/** One kind of work, and who does it. */
export interface Row {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** What is counted: `responses`, `deliveries`, … */
  readonly counts: string;
  /** The number that comes first, and what else is shown. */
  readonly main: Metric;
  readonly also: readonly Metric[];
  readonly contenders: Readonly<Partial<Record<Role, Contender>>>;
  measure(trial: Trial): Promise<Sample>;
  readonly targets: readonly Target[];
}
