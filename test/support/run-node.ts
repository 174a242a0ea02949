import { execFile } from 'node:child_process';

/** What a program printed, and how it ended. */
export interface NodeRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Loads our packages from their sources. */
const FROM_SOURCE = '--import=tsx --conditions=@p-8/source';

/** A program that takes longer is ended. */
const MAX_MS = 110_000;

/** Runs Node in a process of its own, our packages from source, until it ends, whatever its status. */
export function runNode(
  args: readonly string[],
  cwd: string,
  { nodeOptions = FROM_SOURCE }: { readonly nodeOptions?: string } = {},
): Promise<NodeRun> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_OPTIONS: nodeOptions,
    NODE_NO_WARNINGS: '1',
    NO_COLOR: '1',
  };
  // Those that ask for colours outdo NO_COLOR; a runner within a runner would report to the outer one.
  for (const name of ['FORCE_COLOR', 'NODE_TEST_CONTEXT']) delete env[name];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: MAX_MS }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, stdout, stderr });
    });
  });
}
