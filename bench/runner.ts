import { ROLES, type Role, type Running } from './contenders/contender.js';
import { startNodeServer } from './contenders/node-server.js';
import type { Effort } from './effort.js';
import type { Cores } from './machine/cores.js';
import { Driver } from './machine/driver.js';
import { machineUsage } from './machine/machine.js';
import { type RowResult, summarize } from './report/result.js';
import type { Row } from './row.js';
import type { Sample } from './sample.js';
import { Trial } from './trial.js';

/** Milliseconds for a look at what the machine does before we do anything. */
const LOOK = 500;

/** How rows are run. */
export interface RunnerOptions {
  readonly effort: Effort;
  readonly cores: Cores;
  /** Who is measured; empty: all. */
  readonly roles: readonly Role[];
  /** Arguments for Node that runs P-8. */
  readonly nodeArguments: readonly string[];
  /** Where progress is told. */
  readonly tell: (line: string) => void;
}

/** Measures rows: all contenders in turn, again and again, each in processes of its own. */
export class Runner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async run(row: Row): Promise<RowResult> {
    const { effort, roles, tell } = this.#options;
    const skipped: Partial<Record<Role, string>> = {};
    const samples = new Map<Role, Sample[]>();
    for (const role of roles.length === 0 ? ROLES : roles) {
      const missing = row.contenders[role]?.missing();
      if (missing !== undefined) skipped[role] = missing;
      else if (row.contenders[role] !== undefined) samples.set(role, []);
    }
    tell(`${row.name}: ${row.title}`);
    const busy = await busyness();
    if (busy > 0.1) tell(`  the machine is busy: other programs use ${Math.round(busy * 100)} % of a core`);
    const isClose = row.targets.some(({ of }) => of === 'bare Node');
    const turns = isClose ? Math.max(effort.repetitions, effort.closeRepetitions) : effort.repetitions;
    for (let turn = 0; turn < turns; turn++) {
      for (const [role, taken] of samples) {
        const isCompared = role === 'P-8' || role === 'bare Node';
        if (turn >= effort.repetitions && !isCompared) continue;
        try {
          const sample = await this.#measure(row, role);
          taken.push(sample);
          tell(`  ${role.padEnd(9)} ${inShort(row, sample)}`);
        } catch (error) {
          skipped[role] = `failed: ${error instanceof Error ? error.message : error}`;
          tell(`  ${role.padEnd(9)} ${skipped[role]}`);
        }
      }
    }
    return summarize(row, samples, skipped);
  }

  async #measure(row: Row, role: Role): Promise<Sample> {
    const { effort, cores, nodeArguments } = this.#options;
    const contender = row.contenders[role];
    if (contender === undefined) throw new Error(`nobody is ${role} in ${row.name}`);
    const stops: (() => Promise<void>)[] = [];
    try {
      const origin = await startNodeServer('origin', {}, { cores: cores.drivers, nodeArguments: [] });
      stops.unshift(origin.stop);
      const profiled = role === 'P-8' ? nodeArguments : [];
      const site = { originPort: origin.port, cores: cores.server, nodeArguments: profiled };
      const running: Running = await contender.start(site);
      stops.unshift(running.stop);
      const driver = Driver.start(cores.drivers);
      stops.unshift(() => driver.stop());
      return await row.measure(new Trial({ running, driver, originPid: origin.pid, effort, cores }));
    } finally {
      for (const stop of stops) await stop();
    }
  }
}

function inShort({ main, also }: Row, { values, load, troubles }: Sample): string {
  const shown = [main, ...also].map((metric) => `${metric} ${values[metric]?.toPrecision(4) ?? '-'}`);
  const trouble = Object.entries(troubles).filter(([, count]) => count > 0);
  return [
    ...shown,
    `server ${Math.round(load.server * 100)} %, clients ${Math.round(load.drivers * 100)} %, others ${Math.round(load.others * 100)} %`,
    ...trouble.map(([name, count]) => `${name} ${count}`),
  ].join('  ');
}

/** Cores that are in use or taken while we use none. */
async function busyness(): Promise<number> {
  const before = machineUsage();
  await new Promise((resolve) => setTimeout(resolve, LOOK));
  const after = machineUsage();
  return ((after.busy - before.busy + after.steal - before.steal) * 1000) / LOOK;
}
