import assert from 'node:assert/strict';
import { GripProxy } from '@p-8/core';
import { runScript } from '../../../../test/support/run-script.js';

describe('threat 12: names that fill the tables', () => {
  const floods: [what: string, args: [items: number, nameBytes: number, idBytes: number]][] = [
    ['250,000 channels with a short id each', [250_000, 20, 10]],
    ['40,000 channels and ids of 1024 bytes', [40_000, 1024, 1024]],
  ];
  for (const [what, args] of floods) {
    it(`do not end a process with a heap of 64 MB: ${what}`, async function () {
      this.timeout(60_000);
      const script = new URL('../support/many-names.ts', import.meta.url);
      const printed = await runScript(script, args.map(String), {}, ['--max-old-space-size=64']);
      assert(Number(printed) > 0, `${printed} times full`);
    });
  }

  it('are told of once for many that are forgotten', async () => {
    const proxy = new GripProxy({ totalTableBytes: 100_000 });
    const told: unknown[] = [];
    proxy.on('limit', (limit, fields) => told.push([limit, fields]));
    const publish = (i: number) => proxy.publish(`channel-${i}`, { 'http-stream': 'x' }, { id: '1' });
    for (let i = 0; i < 2000; i++) await publish(i);
    assert.deepEqual(told[0], ['tables', { bytes: 100_000 }]);
    assert(told.length > 10 && told.length < 500, String(told.length));
    assert.equal(proxy.limits().tables, told.length);
    await proxy.close();
  });
});
