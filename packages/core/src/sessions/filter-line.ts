import type { PublishedItem } from '../hub/published-item.js';
import type { Outcome } from '../hub/receipt.js';
import type { Session, Subscription } from '../hub/session.js';
import type { OnError } from '../logger.js';
import { FilterRun } from './filter-run.js';
import type { FilterVerdict } from './http-filter.js';

/** What became of an item in its turn. A run: its filters are to be asked first. `again`: it has been put in the line once more. */
export type TurnOutcome = Outcome | FilterRun | 'again';

/** A session that has items filtered by its origin. */
export interface FilteringSession extends Session {
  /** An item's turn has come: those before it are through. @param isLate the session has been brought this one, since it missed it */
  takeTurn(published: PublishedItem, subscription: Subscription, isLate: boolean): TurnOutcome;
  /** What the filters have said that were asked. */
  onVerdict(published: PublishedItem, subscription: Subscription, verdict: FilterVerdict): Outcome;
}

/** An item in a line. */
interface Entry {
  readonly published: PublishedItem;
  readonly subscription: Subscription;
  readonly bytes: number;
  readonly isLate: boolean;
}

/** What an item counts for besides itself: its place in the line, and that it waits for its turn. */
const TURN_COST = 256;

/**
 * Keeps the items of one session in their order while filters are asked, which takes time: an item has its turn when all before
 * it are through. Nothing of other sessions waits for that.
 */
export class FilterLine {
  readonly #session: FilteringSession;
  readonly #maxBytes: number;
  readonly #onError: OnError;
  #waiting: Entry[] = [];
  /** The item whose filters are being asked. */
  #asked: Entry | undefined;
  #run: FilterRun | undefined;
  #bytes = 0;
  /** The session is dealing with an item at this moment. */
  #inTurn = false;

  /** @param maxBytes of items that may wait, except for one that waits alone */
  constructor(session: FilteringSession, maxBytes: number, onError: OnError) {
    this.#session = session;
    this.#maxBytes = maxBytes;
    this.#onError = onError;
  }

  /** Gives the session an item, or lets it wait for its turn. @param run whose turn has come already: what is to be asked */
  deliver(published: PublishedItem, subscription: Subscription, run?: FilterRun): Outcome | 'full' {
    const entry = this.#entry(published, subscription, false);
    if (this.#asked === undefined && !this.#inTurn) {
      const outcome = run === undefined ? this.#take(entry) : this.#ask(entry, run);
      this.#advance();
      return outcome === 'again' ? 'queued' : outcome;
    }
    if (this.#bytes + entry.bytes > this.#maxBytes) return 'full';
    this.#bytes += entry.bytes;
    this.#waiting.push(entry);
    published.awaitTurn(this.#session);
    return 'queued';
  }

  /** Gives the session items that it has missed, before all that wait. */
  deliverLate(missed: Iterable<{ published: PublishedItem; subscription: Subscription }>): 'again' {
    const late = [...missed].map(({ published, subscription }) => {
      published.awaitTurn(this.#session);
      return this.#entry(published, subscription, true);
    });
    for (const { bytes } of late) this.#bytes += bytes;
    this.#waiting = [...late, ...this.#waiting];
    this.#advance();
    return 'again';
  }

  /** The session has come to take items in another way: what is being asked is given up, and its item has its turn anew. */
  restart(): void {
    // What waits has its turn as soon as this one is over.
    if (this.#inTurn) return;
    this.#waiting = this.#clear();
    for (const { bytes } of this.#waiting) this.#bytes += bytes;
    this.#advance();
  }

  /** Gives up all that waits: `outcome` is what becomes of it. */
  close(outcome: 'queued' | 'dropped'): void {
    for (const entry of this.#clear()) this.#end(entry, outcome);
  }

  /** Takes all out, in their order. */
  #clear(): Entry[] {
    this.#run?.abort();
    const entries = [...(this.#asked === undefined ? [] : [this.#asked]), ...this.#waiting];
    this.#asked = this.#run = undefined;
    this.#waiting = [];
    this.#bytes = 0;
    return entries;
  }

  #advance(): void {
    while (this.#asked === undefined && !this.#inTurn) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#bytes -= entry.bytes;
      const outcome = this.#take(entry);
      if (this.#asked !== entry && outcome !== 'again') this.#end(entry, outcome);
    }
  }

  #entry(published: PublishedItem, subscription: Subscription, isLate: boolean): Entry {
    return { published, subscription, bytes: TURN_COST + published.cost, isLate };
  }

  #take(entry: Entry): Outcome | 'again' {
    const { published, subscription, isLate } = entry;
    const outcome = this.#turn(() => this.#session.takeTurn(published, subscription, isLate));
    return outcome instanceof FilterRun ? this.#ask(entry, outcome) : outcome;
  }

  #ask(entry: Entry, run: FilterRun): Outcome {
    const verdict = run.start((later) => this.#onVerdict(entry, later));
    if (verdict !== undefined) return this.#conclude(entry, verdict);
    this.#asked = entry;
    this.#run = run;
    this.#bytes += entry.bytes;
    entry.published.awaitTurn(this.#session);
    return 'queued';
  }

  #onVerdict(entry: Entry, verdict: FilterVerdict): void {
    this.#asked = this.#run = undefined;
    this.#bytes -= entry.bytes;
    try {
      this.#end(entry, this.#conclude(entry, verdict));
      this.#advance();
    } catch (error) {
      this.#onError(error);
      this.#session.abort();
    }
  }

  #conclude({ published, subscription }: Entry, verdict: FilterVerdict): Outcome {
    return this.#turn(() => this.#session.onVerdict(published, subscription, verdict));
  }

  /** Whoever hears of what the session does may publish: that waits. */
  #turn<T>(act: () => T): T {
    this.#inTurn = true;
    try {
      return act();
    } finally {
      this.#inTurn = false;
    }
  }

  #end({ published }: Entry, outcome: Outcome): void {
    published.endTurn(this.#session, outcome ?? 'dropped');
  }
}
