import { setImmediate, setTimeout } from 'node:timers/promises';

/** Turns of the loop without news after which nothing is taken to be under way. */
const QUIET_TURNS = 4;

/** Turns that are waited for at full speed: what takes longer waits for something outside of this process. */
const FAST_TURNS = 200;

/** Waits until what is under way has come to rest: `isQuiet` is asked in each turn of the loop. */
export async function comeToRest(isQuiet: () => boolean): Promise<void> {
  let turns = 0;
  for (let quiet = 0; quiet < QUIET_TURNS; turns++) {
    if (turns < FAST_TURNS || quiet > 0) await setImmediate();
    else await setTimeout(1);
    quiet = isQuiet() ? quiet + 1 : 0;
  }
}
