import type { Troubles } from './drivers/job.js';
import type { Values } from './metrics.js';

/** How busy everything was while it was measured: 1 is a whole core. */
export interface Load {
  readonly server: number;
  /** The busier of the two that a client's speed may hang on: the driver's one thread, or all cores of the drivers. */
  readonly drivers: number;
  /** Programs that have nothing to do with it. */
  readonly others: number;
  /** What the host of a virtual machine took. */
  readonly steal: number;
}

/** One contender, measured once. */
export interface Sample {
  readonly values: Values;
  readonly troubles: Troubles;
  readonly load: Load;
}
