import type { SlowClientPolicy } from '@p-8/protocol';
import type { Overflow, OverflowReason } from '../hub/overflow.js';
import type { Session } from '../hub/session.js';
import type { Logger } from '../logger.js';

/** Tells of each client that was too slow, and counts them. */
export class SlowClients {
  readonly counts: Record<OverflowReason, number> = { queue: 0, ceiling: 0, stall: 0 };
  readonly #logger: Logger;
  readonly #onOverflow: (session: Session, overflow: Overflow) => void;

  constructor(logger: Logger, onOverflow: (session: Session, overflow: Overflow) => void) {
    this.#logger = logger;
    this.#onOverflow = onOverflow;
  }

  /** To be called while the session still is what it was. @param fields for the log */
  note(
    session: Session,
    reason: OverflowReason,
    action: SlowClientPolicy,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    this.counts[reason]++;
    this.#logger.info({ ...fields, reason, action }, 'slow client');
    this.#onOverflow(session, { reason, action });
  }
}
