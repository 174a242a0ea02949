import type { SlowClientPolicy } from '@p-8/protocol';

/**
 * Why a client was too slow:
 *
 * - `queue`: more waits for it than its own queue may have.
 * - `ceiling`: more waits for all clients together than may, and for this one the most.
 * - `stall`: it has taken nothing for as long as it may.
 */
export type OverflowReason = 'queue' | 'ceiling' | 'stall';

/** A client was too slow, and something has been done about it. */
export interface Overflow {
  readonly reason: OverflowReason;
  readonly action: SlowClientPolicy;
}
