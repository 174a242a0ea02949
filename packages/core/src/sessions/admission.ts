import type { Hub } from '../hub/hub.js';
import type { LimitFields, Limits } from '../limits.js';

/** What a client is told that is not let in. */
export const FULL = 'Too many connections.';

/** Lets in no more clients than the process has memory for: those that are held, WebSockets, and tunnels. */
export class Admission {
  readonly #max: number;
  readonly #hub: Hub;
  readonly #limits: Limits;
  #tunnels = 0;

  constructor(max: number, hub: Hub, limits: Limits) {
    this.#max = max;
    this.#hub = hub;
    this.#limits = limits;
  }

  /** Whether one more client may be let in. @param fields which one it is, for the log */
  admits(fields: LimitFields): boolean {
    if (this.#hub.sessionCount + this.#tunnels < this.#max) return true;
    this.#limits.reached('sessions', fields);
    return false;
  }

  /** WebSockets that pass are no sessions, but count. */
  addTunnel(): void {
    this.#tunnels++;
  }

  removeTunnel(): void {
    this.#tunnels--;
  }
}
