// Runs first: it takes long.

import assert from 'node:assert/strict';
import { runScript } from '../../../test/support/run-script.js';

const COUNT = 10_000;
const ROUNDS = 10;
const MB = 1_000_000;

interface Round {
  readonly delivered: number;
  readonly held: number;
  readonly after: number;
}

describe('10,000 stream holds on one process', function () {
  this.timeout(600_000);

  it('all get what is published once, and give their memory back, ten times', async () => {
    const script = new URL('support/many-holds.ts', import.meta.url);
    const printed = await runScript(script, [String(COUNT), String(ROUNDS)], {}, ['--expose-gc']);
    const { rounds, stats } = JSON.parse(printed) as { rounds: readonly Round[]; stats: object };
    assert.deepEqual(
      rounds.map(({ delivered }) => delivered),
      Array(ROUNDS).fill(COUNT),
    );
    assert.deepEqual(stats, { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 });
    // The first two compile and fill caches; the clients of an even one leave, those of an odd one stay connected.
    const [, early] = rounds;
    const late = rounds.at(-1);
    assert(early !== undefined && late !== undefined);
    const each = (late.held - early.after) / COUNT;
    assert(each < 7000, `${each} bytes a stream`);
    const stays = (late.after - early.after) / MB;
    assert(stays < 1, `${stays} MB stay`);
  });
});
