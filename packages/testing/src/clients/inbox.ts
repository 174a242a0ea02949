import { type Duration, milliseconds } from '../duration.js';

/** How long clients wait unless told otherwise: less than the shortest time-out of a test, mocha's 2 s, to have the say before it. */
export const PATIENCE: Duration = '1.5s';

/** How many of those that have come a message shows. */
const MAX_SHOWN = 20;

/** How an {@link Inbox} speaks of what it is for. */
export interface InboxVoice<T> {
  /** `stream GET /events` */
  readonly name: string;
  /** What comes: `chunk`, `event`, `message`. */
  readonly noun: string;
  /** One that came, in a few words. */
  describe(one: T): string;
  /** All that has happened in the test, as lines. */
  timeline(): string;
}

/** How long to wait. */
export interface NextOptions {
  /** Real time, not virtual: the test itself waits. @default '1.5s' */
  readonly timeout?: Duration;
}

/** How a client's connection ended. */
export interface Ending {
  /** Whether it was whole: a body to its end, a WebSocket with a Close. */
  readonly clean: boolean;
  /** In words. */
  readonly how: string;
}

/** Looks whether that has come which somebody waits for; true: that was it. */
type Waiter = () => boolean;

/** What came to a client, and those who wait for more. */
export class Inbox<T> {
  /** All that has come, taken or not. */
  readonly received: T[] = [];
  readonly #voice: InboxVoice<T>;
  readonly #waiters = new Set<Waiter>();
  #taken = 0;
  #ending: Ending | undefined;

  constructor(voice: InboxVoice<T>) {
    this.#voice = voice;
  }

  push(one: T): void {
    if (this.#ending !== undefined) return;
    this.received.push(one);
    this.#look();
  }

  /** Nothing more comes. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#look();
  }

  /** More may come after all. */
  reopen(): void {
    this.#ending = undefined;
  }

  /** How it has ended; undefined: more may come. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /**
   * The next one that has not been taken; waits for it.
   * @throws Error where none comes in time, or ever; it says what has come so far, and what happened in the test.
   */
  next(options: NextOptions = {}): Promise<T> {
    const noun = `${this.#voice.noun} ${this.#taken + 1}`;
    return this.#wait(noun, options, () => {
      if (this.#taken < this.received.length) return { value: this.received[this.#taken++] as T };
      if (this.#ending !== undefined) throw this.#failure(noun, this.#ending.how);
      return undefined;
    });
  }

  /** Waits for the end. @throws Error where it does not come in time. */
  ended(options: NextOptions = {}): Promise<Ending> {
    return this.#wait('the end', options, () => this.#ending && { value: this.#ending });
  }

  /** @param find looks whether it has come; @throws where it never will */
  #wait<R>(
    noun: string,
    { timeout = PATIENCE }: NextOptions,
    find: () => { value: R } | undefined,
  ): Promise<R> {
    const ms = milliseconds(timeout);
    const found = new Promise<R>((resolve, reject) => {
      const look: Waiter = () => {
        try {
          const one = find();
          if (one === undefined) return false;
          resolve(one.value);
        } catch (error) {
          reject(error);
        }
        clearTimeout(timer);
        return true;
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        reject(this.#failure(noun, `it did not come within ${ms} ms`));
      }, ms);
      if (!look()) this.#waiters.add(look);
    });
    // Whoever awaits it hears of it; a test that has failed before need not.
    found.catch(() => undefined);
    return found;
  }

  /** Whoever came first is served first. */
  #look(): void {
    for (const look of this.#waiters) if (look()) this.#waiters.delete(look);
  }

  #failure(noun: string, why: string): Error {
    const { name, timeline } = this.#voice;
    const hidden = Math.max(0, this.received.length - MAX_SHOWN);
    const shown = this.received.slice(hidden).map((one) => this.#voice.describe(one));
    if (hidden > 0) shown.unshift(`${hidden} others`);
    const seen = shown.join(', ') || 'nothing';
    return new Error(`${name}: waited for ${noun}, but ${why}. Seen so far: ${seen}\n${timeline()}`);
  }
}
