import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Context } from 'mocha';
import { skipWithout } from './skip.js';

/** Debian's own, which has Debian's packages. */
const PYTHON = '/usr/bin/python3';

const run = promisify(execFile);

/** Skips a suite where there is no python3-websockets. */
export async function skipWithoutPython(context: Context): Promise<void> {
  const isHere = await run(PYTHON, ['-c', 'import websockets']).then(
    () => true,
    () => false,
  );
  skipWithout(context, 'python3-websockets', isHere);
}

/** Runs one of the scripts in `test/interop/python` with an app's URL; gives what it reports, by name of what it did. */
export async function runPython(script: string, url: string): Promise<Readonly<Record<string, unknown>>> {
  const path = fileURLToPath(new URL(`../python/${script}`, import.meta.url));
  // Its cache of compiled files would be left in the sources.
  const { stdout } = await run(PYTHON, ['-B', path, url]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
