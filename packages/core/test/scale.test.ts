import assert from 'node:assert/strict';
import { runScript } from '../../../test/support/run-script.js';

const COUNT = 5000;
const MB = 1_000_000;

interface Round {
  readonly delivered: number;
  readonly got: number;
  readonly held: number;
  readonly after: number;
}

describe('5,000 stream holds on one process', function () {
  this.timeout(60_000);

  it('all get an item that is published once, and give their memory back when they leave', async () => {
    const script = new URL('support/many-holds.ts', import.meta.url);
    const printed = await runScript(script, [String(COUNT)], {}, ['--expose-gc']);
    const { rounds, stats } = JSON.parse(printed) as { rounds: [Round, Round]; stats: object };
    const [few, all] = rounds;
    assert.deepEqual([all.delivered, all.got], [COUNT, COUNT]);
    assert.deepEqual(stats, { sessions: 0, channels: 0, timers: 0, upstreamRequests: 0 });
    // The clients live in the same process: their share is in what is held, too.
    const each = (all.held - few.after) / COUNT;
    assert(each < 20_000, `${each} bytes a stream`);
    const stays = (all.after - few.after) / MB;
    assert(stays < 5, `${stays} MB stay`);
  });
});
