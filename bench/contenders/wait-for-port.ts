import { setTimeout as delay } from 'node:timers/promises';
import { openHeld } from '../drivers/held-connection.js';
import type { HoldKind } from '../drivers/job.js';

/** Milliseconds. */
const PATIENCE = 15_000;

/** Resolves when a server holds clients of all these kinds: what its processes do before they know each other gets lost. */
export async function waitUntilHolding(port: number, kinds: readonly HoldKind[]): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (const kind of kinds) {
    while (!(await isHeld(port, kind))) {
      if (Date.now() > deadline) throw new Error(`no ${kind} is held on port ${port}`);
      await delay(50);
    }
  }
}

async function isHeld(port: number, kind: HoldKind): Promise<boolean> {
  const address = { port, kind, channel: 'warm-up', index: 0 };
  const held = openHeld(address, { onBytes() {}, onEnd() {} });
  const late = delay(1000, undefined, { ref: false });
  const connection = await Promise.race([held.catch(() => undefined), late]);
  // One that comes too late is left as well.
  held.then(
    (one) => one.leave(),
    () => {},
  );
  return connection !== undefined;
}
