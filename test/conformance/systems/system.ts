import type { Activity } from '../activity.js';
import type { Origin } from '../origin.js';
import type { OriginServer } from '../origin-server.js';
import type { Setup } from '../scenario.js';

/** A way of mounting a proxy. */
export interface System {
  readonly name: string;
  /** `in-process`: the app that the proxy is mounted in is the origin; `remote`: the origin is a server of its own. */
  readonly kind: 'reference' | 'in-process' | 'remote';
  /** Whether its time can be made to pass; else scenarios that need more than an instant are left out. */
  readonly canPassTime: boolean;
  /** Whether it can be run here. */
  available(): boolean;
  start(setup: Setup, origin: Origin, activity: Activity): Promise<Running>;
  /** Ends what outlives a scenario. */
  dispose?(): Promise<void>;
}

/** A proxy that is up, for one scenario. */
export interface Running {
  /** Where clients connect. */
  readonly port: number;
  /** Where the control API is. */
  readonly controlPort: number;
  /** Where the origin is, if it is a server of its own; messages may name it. */
  readonly originPort: number | undefined;
  /** The origin where it is a server of this one scenario. */
  readonly origin?: OriginServer | undefined;
  /** How many times a session has subscribed to `channel`, its prefix included, since the start. */
  subscriptions(channel: string): number;
  /** Lets up to `ms` milliseconds pass during `wait`, faster than they are where that can be done. */
  during(ms: number, wait: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is left of the clients, which are gone; rejects when something stays. */
  idle(): Promise<void>;
  close(): Promise<void>;
}
