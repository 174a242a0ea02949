/** What became of what was published, counted in the clients that a proxy holds. */
export interface Receipt {
  /** Clients that it was for: the sum of the other four. */
  readonly matched: number;
  /** It was written to the client's connection. */
  readonly delivered: number;
  /** It waits: for a slow client, for an earlier item, or until the origin has been asked again. */
  readonly queued: number;
  /** A filter kept it from the client. */
  readonly filtered: number;
  /** It was given up. */
  readonly dropped: number;
}

/** The sum of receipts; undefined when one of them is none, since an endpoint does not tell. */
export function addReceipts(receipts: readonly unknown[]): Receipt | undefined {
  const sum = { matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };
  for (const receipt of receipts) {
    for (const count of Object.keys(sum) as (keyof Receipt)[]) {
      const value = (receipt as Partial<Receipt> | undefined | null)?.[count];
      if (!Number.isInteger(value)) return undefined;
      sum[count] += Number(value);
    }
  }
  return sum;
}

/** The receipt in the answer of a control API; undefined: there is none, as in Pushpin's, which says `Published`. */
export function parseReceipt(answer: string): Receipt | undefined {
  try {
    return addReceipts([JSON.parse(answer)]);
  } catch {
    return undefined;
  }
}
