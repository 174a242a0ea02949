import { existsSync } from 'node:fs';
import { COMMAND, StandaloneProcess } from './standalone-process.js';
import type { System } from './system.js';

/** One process for each setup: a start takes longer than all scenarios of most of them. */
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
    processes.set(key, process);
    return process.serve(origin, activity);
  },
  async dispose() {
    await Promise.all([...processes.values()].map((process) => process.stop()));
    processes.clear();
  },
};
