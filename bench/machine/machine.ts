import { readFileSync } from 'node:fs';
import os from 'node:os';

const TICKS_PER_SECOND = 100;

/** What all processes of the machine have used since it started, in seconds of CPU. */
export interface MachineUsage {
  /** In programs and the kernel on their behalf, but without interrupts, which belong to nobody. */
  readonly busy: number;
  /** Taken by the host of a virtual machine. */
  readonly steal: number;
}

export function machineUsage(): MachineUsage {
  return parseMachineUsage(readFileSync('/proc/stat', 'utf8'));
}

/** Reads the first line of `/proc/stat` (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal. */
export function parseMachineUsage(stat: string): MachineUsage {
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/ +/)
    .map(Number);
  return { busy: (user + nice + system) / TICKS_PER_SECOND, steal: steal / TICKS_PER_SECOND };
}

/** What a report says of where it was made. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
}

export function describeMachine(): MachineDescription {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
  };
}
