import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a TypeScript file from source in a process of its own, and gives what it prints. */
export async function runScript(
  script: URL,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...nodeOptions, '--import=tsx', '--conditions=@p-8/source', fileURLToPath(script), ...args],
    { cwd: ROOT, env: { ...process.env, ...environment } },
  );
  return stdout;
}
