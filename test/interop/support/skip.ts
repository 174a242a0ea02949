import type { Context } from 'mocha';

/** Skips a suite whose other party is not here; where CI is set, it must be. */
export function skipWithout(context: Context, party: string, isHere: boolean): void {
  if (isHere) return;
  if (process.env.CI !== undefined) throw new Error(`${party} is missing: apt-get install ${party}`);
  context.skip();
}
