import { setImmediate } from 'node:timers/promises';

/** Milliseconds after which something that should happen is taken to be missing, on a busy machine too. */
const PATIENCE = 20_000;

/**
 * Waits until `condition` holds, looking again in each turn of the event loop: for state that tells nobody of its changes.
 * `patience`: milliseconds until it is taken to be missing.
 */
export async function eventually(
  condition: () => boolean,
  what: string | (() => string),
  patience = PATIENCE,
): Promise<void> {
  const deadline = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > deadline)
      throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`);
    await setImmediate();
  }
}

/** Waits until a count does not change any more. */
export async function stalls(count: () => number): Promise<void> {
  let last = -1;
  let still = 0;
  while (still < 20) {
    await settle(50);
    still = count() === last ? still + 1 : 0;
    last = count();
  }
}

/** Lets the event loop turn a few times, so that what could happen at once has happened. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}
