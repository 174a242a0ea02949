import type { Warnings } from '../warnings.js';

/** Whether the connections of streams can be taken away from Node's server, which hangs on what Node does not document. */
export class Detaching {
  readonly #warnings: Warnings;
  #possible = true;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  /** True until a connection has shown that it is not so. */
  get possible(): boolean {
    return this.#possible;
  }

  /** A connection lacks what it would be taken away by. */
  notPossible(): void {
    if (!this.#possible) return;
    this.#possible = false;
    this.#warnings.give(
      'P8_UNKNOWN_NODE',
      `P-8 does not know this version of the runtime, ${process.version}: held streams keep their requests, which take about 8 KB more ` +
        'for each. No item is lost. Use a version of Node that P-8 is tested with, or a newer P-8.',
    );
  }
}
