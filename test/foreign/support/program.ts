import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that takes longer is ended. */
const MAX_MS = 50_000;

/** Runs a program in a directory, which is its home as well; resolves with what it prints. */
export function runProgram(file: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env, timeout: MAX_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${file} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

/** Gives each test of the surrounding `describe` a directory of its own, by a function that returns it. */
export function useDirectory(): () => string {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'p-8-foreign-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
