import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which cores who has; empty: the system decides. */
export interface Cores {
  readonly server: readonly number[];
  readonly drivers: readonly number[];
}

/** Every server gets one core, whatever it is made of; the drivers and the origin share the rest. */
export function shareCores(): Cores {
  const cores = allowedCores();
  const [first, ...others] = cores;
  const canPin = spawnSync('taskset', ['--version']).status === 0;
  if (first === undefined || others.length === 0 || !canPin) return { server: [], drivers: [] };
  return { server: [first], drivers: others };
}

/** `Cpus_allowed_list: 0-2,5` of this process. */
function allowedCores(): number[] {
  try {
    const [, list = ''] =
      /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return parseRanges(list);
  } catch {
    return [];
  }
}

/** Reads `0-2,5`. */
export function parseRanges(list: string): number[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}
