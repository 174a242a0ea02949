import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SoakApp } from './soak-app.js';
import { SoakCrowd } from './soak-crowd.js';

/**
 * WebSockets that subscribe, echo and leave, again and again, as long as is asked for: nothing of them may stay. Run with
 * `--expose-gc`. Prints what there is over time, and ends with 1 when something has stayed.
 */
const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '120' },
    /** Before anything is measured: what is compiled, and pools and caches that fill, do not count. */
    'warm-up': { type: 'string', default: '20' },
    /** Milliseconds between two things that a client does. */
    pause: { type: 'string', default: '2000' },
    /** Milliseconds that pools of connections have to shrink before the memory is measured. */
    settle: { type: 'string', default: '6000' },
    /** Megabytes that may have stayed at the end. */
    allowed: { type: 'string', default: '3' },
  },
});
const sockets = Number(values.sockets);
const pause = Number(values.pause);

/** Milliseconds that everything has to go away once its clients have left. */
const PATIENCE = 15_000;
const MB = 1_000_000;
const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error('run with --expose-gc');

const app = await SoakApp.start();
const crowd = new SoakCrowd();
const started = Date.now();
print([
  'seconds',
  'sessions',
  'channels',
  'timers',
  'requests',
  'opened',
  'echoes',
  'pushes',
  'heap MB',
  'RSS MB',
]);

await round(Number(values['warm-up']));
const before = await rest();
await round(Number(values.seconds));
const after = await rest();
const { failures } = await crowd.tally();
crowd.close();
await app.close();

const stayed = (after - before) / MB;
const wrong = [...failures];
if (stayed > Number(values.allowed)) wrong.push(`${stayed.toFixed(2)} MB have stayed`);
for (const line of wrong) console.error(line);
console.log(`${stayed.toFixed(2)} MB more than before`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Lets all come, go and come again for so many seconds, and then leave. */
async function round(seconds: number): Promise<void> {
  crowd.arrive(sockets, app.port, pause);
  const steps = Math.max(1, Math.round(seconds / 10));
  for (let step = 0; step < steps; step++) {
    await delay((seconds * 1000) / steps);
    await sample();
  }
  await crowd.leave();
}

/** Waits until nothing is held, and gives the bytes that are in use then. @throws Error when something stays. */
async function rest(): Promise<number> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const left = { ...app.grip.stats(), connections: await app.connections() };
    if (Object.values(left).every((count) => count === 0)) break;
    if (Date.now() > deadline) throw new Error(`this has stayed: ${JSON.stringify(left)}`);
    await delay(50);
  }
  await delay(Number(values.settle));
  return await sample();
}

async function sample(): Promise<number> {
  const { sessions, channels, timers, upstreamRequests } = app.grip.stats();
  const { opened, echoes, pushes } = await crowd.tally();
  // What one collection frees may make more for the next one to free.
  for (let i = 0; i < 3; i++) {
    gc?.();
    await setImmediate();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const heap = heapUsed + external;
  const seconds = Math.round((Date.now() - started) / 1000);
  print([seconds, sessions, channels, timers, upstreamRequests, opened, echoes, pushes, mb(heap), mb(rss)]);
  return heap;
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(1);
}

function print(cells: readonly (string | number)[]): void {
  console.log(cells.map((cell) => String(cell).padStart(9)).join(' '));
}
