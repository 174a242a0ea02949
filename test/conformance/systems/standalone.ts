import { existsSync } from 'node:fs';
import { COMMAND, StandaloneProcess } from './standalone-process.js';
import type { System } from './system.js';

/** Processes that run at the same time: a few setups come back, most do not. */
const KEPT = 4;

/** One process for each setup, the one that was used last at the end: a start takes longer than all scenarios of most of them. */
const processes = new Map<string, StandaloneProcess>();

/** P-8 as the `p-8` command, which reads Pushpin's own configuration and routes. */
export const standalone: System = {
  name: 'standalone',
  kind: 'remote',
  canPassTime: false,
  available: () => existsSync(COMMAND),
  async start(setup, origin, activity) {
    const key = JSON.stringify(setup);
    const process = processes.get(key) ?? (await StandaloneProcess.start(setup));
    processes.delete(key);
    processes.set(key, process);
    await stopAllBut(KEPT);
    return process.serve(origin, activity);
  },
  dispose: () => stopAllBut(0),
};

async function stopAllBut(count: number): Promise<void> {
  const oldest = [...processes].slice(0, Math.max(0, processes.size - count));
  for (const [key] of oldest) processes.delete(key);
  await Promise.all(oldest.map(([, process]) => process.stop()));
}
