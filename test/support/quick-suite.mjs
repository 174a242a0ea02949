// Hooks for mocha (`--require`): a suite is to be done in less than a second. The time is that in which it computed or waited;
// what a busy machine gave to other programs meanwhile is not the suite's.
import { performance } from 'node:perf_hooks';

/** Milliseconds. */
const QUICK = 1000;

let cpu;
let loop;

export const mochaHooks = {
  beforeAll() {
    cpu = process.cpuUsage();
    loop = performance.eventLoopUtilization();
  },
  afterAll() {
    const { user, system } = process.cpuUsage(cpu);
    const { idle } = performance.eventLoopUtilization(loop);
    const ms = Math.round((user + system) / 1000 + idle);
    if (ms >= QUICK) throw new Error(`The suite took ${ms} ms.`);
  },
};
