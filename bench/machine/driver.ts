import type { ChildProcess } from 'node:child_process';
import type { Answer, Command, JobSpec, Outcome } from '../drivers/job.js';
import { compiled } from './compiled.js';
import { launch, nextMessage, terminate } from './launch.js';

/** Milliseconds beyond what a run is told to take, for what it waits for; thousands of connections take some as well. */
const PATIENCE = 60_000;

/** A process that makes load. */
export class Driver {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(cores: readonly number[]): Driver {
    return new Driver(launch(process.execPath, compiled('drivers/main'), { cores, ipc: true }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async prepare(spec: JobSpec): Promise<void> {
    await this.#do({ do: 'prepare', spec });
  }

  async run(seconds: number): Promise<Outcome> {
    const outcome = await this.#do({ do: 'run', seconds });
    if (outcome === undefined) throw new Error('a run without an outcome');
    return outcome;
  }

  stop(): Promise<void> {
    return terminate(this.#child);
  }

  async #do(command: Command): Promise<Outcome | undefined> {
    const seconds = command.do === 'run' ? command.seconds : 0;
    const answer = nextMessage<Answer>(this.#child, seconds * 1000 + PATIENCE);
    this.#child.send(command);
    const got = await answer;
    if (!got.ok) throw new Error(`the driver could not ${command.do}: ${got.message}`);
    return got.outcome;
  }
}
