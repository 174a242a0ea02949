/** What became of a published item, counted in sessions. */
export interface Receipt {
  /** Sessions that the item was for: the sum of the other four. */
  readonly matched: number;
  /** It was written to the client's connection. */
  readonly delivered: number;
  /** It waits: for a slow client, for an earlier item, or until the origin has been asked again. */
  readonly queued: number;
  /** A filter kept it from the client. */
  readonly filtered: number;
  /** It was given up, because a bound was reached or a filter failed. */
  readonly dropped: number;
}

/** What became of an item at one session; undefined: it was not for this session. */
export type Outcome = Exclude<keyof Receipt, 'matched'> | undefined;

/** Adds up outcomes. */
export class ReceiptCounter {
  #delivered = 0;
  #queued = 0;
  #filtered = 0;
  #dropped = 0;

  /** @param sessions at how many it was the same */
  count(outcome: Outcome, sessions = 1): void {
    if (outcome === 'delivered') this.#delivered += sessions;
    else if (outcome === 'queued') this.#queued += sessions;
    else if (outcome === 'filtered') this.#filtered += sessions;
    else if (outcome === 'dropped') this.#dropped += sessions;
  }

  add(receipt: Receipt): void {
    this.#delivered += receipt.delivered;
    this.#queued += receipt.queued;
    this.#filtered += receipt.filtered;
    this.#dropped += receipt.dropped;
  }

  receipt(): Receipt {
    return {
      matched: this.#delivered + this.#queued + this.#filtered + this.#dropped,
      delivered: this.#delivered,
      queued: this.#queued,
      filtered: this.#filtered,
      dropped: this.#dropped,
    };
  }
}
