import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { familyOf } from './processes.js';

/** As many open files as we may have: the usual limit of 1,024 is for people, not for 10,000 connections. */
const WITH_FILES = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

/** Milliseconds that a process has to end by itself. */
const ENDING = 10_000;

export interface LaunchOptions {
  readonly cores: readonly number[];
  /** Talk with it over IPC; else its standard output is a pipe. */
  readonly ipc: boolean;
  readonly cwd?: string;
}

/** Those that we have started and that have not ended. */
const running = new Set<ChildProcess>();

/** Starts a process on some cores. */
export function launch(
  command: string,
  argv: readonly string[],
  { cores, ipc, cwd }: LaunchOptions,
): ChildProcess {
  const pinned = cores.length === 0 ? [] : ['taskset', '-c', cores.join(',')];
  const [first = 'sh', ...rest] = [...pinned, 'sh', '-c', WITH_FILES, 'sh', command, ...argv];
  const child = spawn(first, rest, {
    cwd,
    stdio: ipc ? ['ignore', 'ignore', 'inherit', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    serialization: 'json',
    // a group of its own: an interrupt at the terminal is for us, who end it in order
    detached: true,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends whatever is left, at once. */
export function killAll(): void {
  for (const { pid } of running) if (pid !== undefined) for (const one of familyOf(pid)) kill(one);
}

/** Ends a process and its descendants. */
export async function terminate(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const family = familyOf(child.pid);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([ended, delay(ENDING, undefined, { ref: false })]);
  for (const pid of family) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone, as it should be
  }
}

/** The next message of a process over IPC. Rejects when it ends before, or takes longer than so many milliseconds. */
export async function nextMessage<Message>(child: ChildProcess, patience: number): Promise<Message> {
  const ended = new AbortController();
  const onExit = (): void => ended.abort();
  child.once('exit', onExit);
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(patience)]);
    const [message] = await once(child, 'message', { signal });
    return message as Message;
  } catch (cause) {
    throw new Error(`a process has ended or says nothing: ${child.spawnargs.join(' ')}`, { cause });
  } finally {
    child.off('exit', onExit);
  }
}
