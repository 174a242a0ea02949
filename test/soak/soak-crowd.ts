import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Tally } from './soak-client.js';

const CLIENTS = fileURLToPath(new URL('./soak-clients.ts', import.meta.url));

/** Clients in a process of their own, so that what is theirs is not in the measurements. */
export class SoakCrowd {
  readonly #process: ChildProcess = fork(CLIENTS);

  /** Lets `count` clients come, and come again when they have left. `pause`: milliseconds between what each does. */
  arrive(count: number, port: number, pause: number): void {
    this.#process.send({ arrive: { count, port, pause } });
  }

  /** Resolves when all have left and nobody came back. */
  async leave(): Promise<void> {
    const gone = once(this.#process, 'message');
    this.#process.send('leave');
    await gone;
  }

  async tally(): Promise<Tally> {
    const told = once(this.#process, 'message');
    this.#process.send('tell');
    const [tally] = (await told) as [Tally];
    return tally;
  }

  close(): void {
    this.#process.disconnect();
  }
}
