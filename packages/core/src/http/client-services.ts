import type { Limits } from '../limits.js';
import type { LingeringSockets } from './lingering-sockets.js';
import type { StallWatch } from './stall-watch.js';

/** What all responses of a proxy share. */
export interface ClientServices {
  readonly stalls: StallWatch;
  readonly limits: Limits;
  readonly lingering: LingeringSockets;
}
