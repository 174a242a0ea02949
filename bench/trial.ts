import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './contenders/contender.js';
import type { HoldKind, JobSpec, Outcome, PublishTarget, Troubles } from './drivers/job.js';
import type { Effort } from './effort.js';
import type { Cores } from './machine/cores.js';
import type { Driver } from './machine/driver.js';
import { machineUsage } from './machine/machine.js';
import { usageOf } from './machine/processes.js';
import type { Values } from './metrics.js';
import type { Load, Sample } from './sample.js';

/** Connections that come and go before memory is measured: what is made once is not theirs. */
const FIRST_CONNECTIONS = 500;

/** Milliseconds until memory that was freed has been given back. */
const SETTLING = 1500;

/** Who takes part in a measurement. */
export interface TrialParts {
  readonly running: Running;
  readonly driver: Driver;
  readonly originPid: number;
  readonly effort: Effort;
  readonly cores: Cores;
}

/** One contender under load, once. */
export class Trial {
  readonly #parts: TrialParts;

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  get effort(): Effort {
    return this.#parts.effort;
  }

  get port(): number {
    return this.#parts.running.port;
  }

  /** Throws where nothing can be published. */
  get publish(): PublishTarget {
    const { publish } = this.#parts.running;
    if (publish === undefined) throw new Error('this contender publishes nothing');
    return publish;
  }

  /** Warms up, and measures how fast a job is done. */
  async timed(spec: JobSpec): Promise<Sample> {
    const { driver, effort } = this.#parts;
    await driver.prepare(spec);
    await driver.run(effort.warmUpSeconds);
    let outcome: Outcome | undefined;
    const spent = await this.#watch(async () => {
      outcome = await driver.run(effort.seconds);
    });
    if (outcome === undefined) throw new Error('nothing was measured');
    const { count, total, seconds, bytes, latency } = outcome;
    const values: Values = {
      rate: count / seconds,
      throughput: bytes / seconds / 1e6,
      p50: latency.p50,
      p99: latency.p99,
      ...(total > 0 && { cpu: (spent.serverSeconds * 1e6) / total }),
    };
    return { values, troubles: troublesOf(outcome), load: spent.load };
  }

  /** Measures what connections take of memory while nothing happens. */
  async memory(kind: Exclude<HoldKind, 'response'>, connections: number): Promise<Sample> {
    const { driver, running } = this.#parts;
    const spec = { job: 'accept', kind, port: running.port } as const;
    await driver.prepare({ ...spec, connections: FIRST_CONNECTIONS, keep: false });
    await driver.run(0);
    const before = await this.#settledMemory();
    await driver.prepare({ ...spec, connections, keep: true });
    let outcome: Outcome | undefined;
    const { load } = await this.#watch(async () => {
      outcome = await driver.run(0);
    });
    const after = await this.#settledMemory();
    if (outcome === undefined || outcome.count === 0) throw new Error('nothing was held');
    return {
      values: { memory: (after - before) / outcome.count / 1024 },
      troubles: troublesOf(outcome),
      load,
    };
  }

  async #settledMemory(): Promise<number> {
    const { running } = this.#parts;
    if (running.isNode) process.kill(running.pid, 'SIGUSR2');
    await delay(SETTLING);
    return usageOf(running.pid).memory;
  }

  /** What everybody used meanwhile. */
  async #watch(work: () => Promise<void>): Promise<{ serverSeconds: number; load: Load }> {
    const { running, driver, originPid, cores } = this.#parts;
    const look = () => ({
      time: performance.now() / 1000,
      machine: machineUsage(),
      server: usageOf(running.pid).cpu,
      driver: usageOf(driver.pid).cpu,
      origin: usageOf(originPid).cpu,
      own: process.cpuUsage(),
    });
    const before = look();
    await work();
    const after = look();
    const seconds = after.time - before.time;
    const server = after.server - before.server;
    const driving = after.driver - before.driver;
    const clients = driving + after.origin - before.origin;
    const own = (after.own.user + after.own.system - before.own.user - before.own.system) / 1e6;
    const busy = after.machine.busy - before.machine.busy;
    return {
      serverSeconds: server,
      load: {
        server: server / seconds,
        drivers: Math.max(driving, clients / (cores.drivers.length || 2)) / seconds,
        others: Math.max(0, busy - server - clients - own) / seconds,
        steal: (after.machine.steal - before.machine.steal) / seconds,
      },
    };
  }
}

function troublesOf({ lost, duplicates, closed, errors }: Outcome): Troubles {
  return { lost, duplicates, closed, errors };
}
