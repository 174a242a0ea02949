import type { ClockTimer, SteadyClock } from '../clock.js';
import type { OnError } from '../logger.js';
import type { PublishedItem } from './published-item.js';
import type { Receipt } from './receipt.js';
import type { Session } from './session.js';

/**
 * Milliseconds between two looks. Node tells that bytes have left only to who has given a callback along with them; to look
 * costs those who ask for it, and nobody else.
 */
const INTERVAL = 5;

/** An item that has been given to a session, and whose bytes may not have left yet. */
interface Given {
  readonly session: Session;
  readonly published: PublishedItem;
  /** How much had been given to the client, this item included. */
  readonly mark: number;
}

/** Waits until the bytes of what was published have left the process, or their sessions have ended. */
export class FlushWait {
  readonly #clock: SteadyClock;
  readonly #onError: OnError;
  #given: Given[] = [];
  #flushed = 0;
  #filtered = 0;
  #ended = 0;

  constructor(clock: SteadyClock, onError: OnError) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** A session has just taken an item. */
  add(session: Session, published: PublishedItem): void {
    this.#given.push({ session, published, mark: session.given });
  }

  /**
   * Resolves with what has become of it by then: what has left counts as delivered, what its session has not lived to send as
   * dropped, and what still waits after `timeout` milliseconds as queued.
   */
  async receipt(receipt: Receipt, timeout: number): Promise<Receipt> {
    const deadline = this.#clock.monotonic() + timeout;
    while (this.#look() > 0 && this.#clock.monotonic() < deadline) await this.#pause();
    const { matched } = receipt;
    const filtered = receipt.filtered + this.#filtered;
    const dropped = receipt.dropped + this.#ended;
    const queued = matched - this.#flushed - filtered - dropped;
    return { matched, delivered: this.#flushed, queued, filtered, dropped };
  }

  /** Looks what has left since the last time; gives how many have not. */
  #look(): number {
    this.#given = this.#given.filter((one) => {
      try {
        return !this.#isSettled(one);
      } catch (error) {
        this.#onError(error);
        this.#ended++;
        return false;
      }
    });
    return this.#given.length;
  }

  #isSettled({ session, published, mark }: Given): boolean {
    const turn = published.turnAt(session);
    const waits = turn !== undefined && turn.outcome === undefined;
    const { given, unsent } = session;
    if (turn?.outcome === 'filtered') this.#filtered++;
    else if (turn?.outcome === 'dropped') this.#ended++;
    else if (!waits && (unsent === 0 || given - unsent >= (turn?.given ?? mark))) this.#flushed++;
    else if (session.over) this.#ended++;
    else return false;
    return true;
  }

  #pause(): Promise<ClockTimer> {
    return new Promise((resolve) => {
      const timer: ClockTimer = this.#clock.setTimeout(() => resolve(timer), INTERVAL);
    });
  }
}
