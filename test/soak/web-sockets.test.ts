// Runs alone: it measures memory.

import assert from 'node:assert/strict';
import { runScript } from '../support/run-script.js';

/** As `npm run soak`, for a few seconds. */
const SHORT = {
  sockets: 200,
  'warm-up': 1.5,
  seconds: 2,
  pause: 200,
  settle: 0,
  allowed: 4,
};

describe('200 WebSockets that subscribe, echo and leave, again and again', function () {
  this.timeout(120_000);

  it('leave no session, no timer and no growth behind', async () => {
    const script = new URL('web-sockets.ts', import.meta.url);
    const options = Object.entries(SHORT).map(([name, value]) => `--${name}=${value}`);
    // Rejects with what has stayed.
    const printed = await runScript(script, options, {}, ['--expose-gc']);
    const lastVisits = Number(printed.trim().split('\n').at(-2)?.trim().split(/ +/)[5]);
    assert(lastVisits >= 2 * SHORT.sockets, printed);
  });
});
