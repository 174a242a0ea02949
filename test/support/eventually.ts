import { setImmediate, setTimeout } from 'node:timers/promises';

/** Milliseconds after which something that should happen is taken to be missing, on a busy machine too. */
const PATIENCE = 20_000;

/** After so many turns of the event loop others, who may be what is waited for, get the processor between two looks. */
const QUICK_TURNS = 100;

/**
 * Waits until `condition` holds: for state that tells nobody of its changes. `patience`: milliseconds until it is taken to be
 * missing.
 */
export async function eventually(
  condition: () => boolean,
  what: string | (() => string),
  patience = PATIENCE,
): Promise<void> {
  const deadline = Date.now() + patience;
  for (let turn = 0; !condition(); turn++) {
    if (Date.now() > deadline)
      throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`);
    await (turn < QUICK_TURNS ? setImmediate() : setTimeout(1));
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
