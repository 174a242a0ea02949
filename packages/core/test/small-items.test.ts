import assert from 'node:assert/strict';
import { runScript } from '../../../test/support/run-script.js';

const CLIENTS = 20;
const ITEMS = 10_000;

describe('200,000 items of nine bytes for 20 streams that do not read', function () {
  this.timeout(120_000);

  it('end those streams, and not a process with a heap of 64 MB', async () => {
    const script = new URL('support/small-items.ts', import.meta.url);
    const args = [String(CLIENTS), String(ITEMS)];
    const printed = await runScript(script, args, {}, ['--max-old-space-size=64']);
    const { overflows } = JSON.parse(printed) as { overflows: Record<string, number> };
    const ended = Object.values(overflows).reduce((sum, count) => sum + count, 0);
    assert.equal(ended, CLIENTS, printed);
  });
});
