import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundle } from '../../../../test/support/bundle.js';

const MAIN = await bundle(new URL('../../src/main.ts', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `p-8` command, run from source in a process of its own. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  #stdout = '';
  #stderr = '';

  /** @param openFiles how many files the process may open; by default as many as this one */
  constructor(
    argv: readonly string[],
    directory: string,
    environment: Readonly<Record<string, string>> = {},
    openFiles?: number,
  ) {
    const { NODE_ENV: _, P8_SIG_KEY: __, P8_CONTROL_KEY: ___, ...inherited } = process.env;
    const command = [process.execPath, MAIN, ...argv];
    const limited = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh'];
    const [file = '', ...args] = [...limited, ...command];
    this.#process = spawn(file, args, {
      cwd: directory,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    this.#process.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.ended = once(this.#process, 'close').then(([status, signal]) => ({
      status,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** What was printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves with what was printed so far as soon as it matches. */
  async printed(pattern: RegExp): Promise<string> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (!pattern.test(this.#stdout)) {
      if (over) throw new Error(`ended without ${pattern}: ${this.#stdout}${this.#stderr}`);
      await Promise.race([once(this.#process.stdout ?? this.#process, 'data'), this.ended]);
    }
    return this.#stdout;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
