import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's clock, by which it counts the time of processes: 100 a second wherever Linux runs. */
const TICKS_PER_SECOND = 100;

/** What a process and its descendants have used, and have. */
export interface Usage {
  /** Seconds of CPU. */
  readonly cpu: number;
  /** Bytes of resident memory. */
  readonly memory: number;
}

/** What `/proc/PID/stat` tells. */
interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Sums over processes and all their descendants, as `/proc` has them now. */
export function usageOf(...roots: readonly number[]): Usage {
  let ticks = 0;
  let memory = 0;
  for (const stat of family(roots)) {
    ticks += stat.ticks;
    memory += residentBytes(stat.pid);
  }
  return { cpu: ticks / TICKS_PER_SECOND, memory };
}

/** The processes and their descendants. */
export function familyOf(...roots: readonly number[]): number[] {
  return family(roots).map(({ pid }) => pid);
}

function family(roots: readonly number[]): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined);
  const members = new Map(all.filter(({ pid }) => roots.includes(pid)).map((stat) => [stat.pid, stat]));
  for (let grown = true; grown; ) {
    grown = false;
    for (const stat of all) {
      if (members.has(stat.pid) || !members.has(stat.parent)) continue;
      members.set(stat.pid, stat);
      grown = true;
    }
  }
  return [...members.values()];
}

function readStat(pid: number): Stat | undefined {
  try {
    return { pid, ...parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) };
  } catch {
    // it ended meanwhile
    return undefined;
  }
}

/** Reads a line of `/proc/PID/stat` (proc_pid_stat(5)); the second field, a name, may hold anything. */
export function parseStat(line: string): Omit<Stat, 'pid'> {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function residentBytes(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
