import fc from 'fast-check';
import { MemoryNetwork } from './support/networks.js';
import { schedules } from './support/schedule.js';
import { type Tally, World } from './support/world.js';

const COUNT = Number(process.env.P8_SCHEDULES ?? 2000);

describe('whatever happens', function () {
  this.timeout(120_000);
  const tally: Tally = new Map();

  it('nothing is lost in silence', async () => {
    await fc.assert(
      fc.asyncProperty(schedules(), (schedule) =>
        new World(schedule, (proxy) => new MemoryNetwork(proxy), tally).play(),
      ),
      { numRuns: COUNT },
    );
  });
  after(() => console.log(tally));
});
