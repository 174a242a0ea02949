// Runs alone: it measures processor time.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { stalePackages } from '../../bench/build-state.js';
import type { Effort } from '../../bench/effort.js';
import { compile } from '../../bench/machine/compiled.js';
import { shareCores } from '../../bench/machine/cores.js';
import { killAll } from '../../bench/machine/launch.js';
import { ROWS } from '../../bench/rows/index.js';
import { Runner } from '../../bench/runner.js';

/** So short that numbers are worth little; what they are compared with is measured in turn, and as short. */
const EFFORT: Effort = {
  name: 'quick',
  repetitions: 2,
  closeRepetitions: 2,
  warmUpSeconds: 0.7,
  seconds: 0.6,
  curveShare: 0,
  accepted: 500,
  idleStreams: 500,
  idleWebSockets: 500,
};

/**
 * How many times the processor time of the bare prototype P-8 may take: at least twice what it takes. Time on the processor
 * is compared, and not rates, since other programs may have their share of the machine.
 */
const BOUNDS: Readonly<Record<string, number>> = {
  'relay-small': 3,
  'app-koa': 3,
  'fan-out-stream-64': 4,
  'fan-out-websocket-64': 5,
};

describe('What P-8 costs beside the least that Node can do', function () {
  this.timeout(120_000);

  before(async () => {
    // P-8 is measured as it is installed.
    if (stalePackages().length > 0) execFileSync('npm', ['run', '--silent', 'build']);
    await compile();
  });

  after(killAll);

  for (const row of ROWS.filter(({ name }) => name in BOUNDS)) {
    it(`has not become many times as much: ${row.title}`, async () => {
      const told: string[] = [];
      const runner = new Runner({
        effort: EFFORT,
        cores: shareCores(),
        roles: ['P-8', 'bare Node'],
        nodeArguments: [],
        tell: (line) => told.push(line),
      });
      const { contenders } = await runner.run(row);
      const { 'P-8': ours, 'bare Node': bare } = contenders;
      assert(ours !== undefined && bare !== undefined, told.join('\n'));
      const { lost = 0, duplicates = 0 } = ours.troubles;
      assert.deepEqual({ lost, duplicates }, { lost: 0, duplicates: 0 }, told.join('\n'));
      const ratio = (ours.medians.cpu ?? Number.NaN) / (bare.medians.cpu ?? Number.NaN);
      assert(ratio < (BOUNDS[row.name] ?? 0), `${ratio} times the processor time\n${told.join('\n')}`);
    });
  }
});
