import { type Duration, milliseconds } from '../duration.js';

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
  /** Real time, not virtual: the test itself waits. @default '1s' */
  readonly timeout?: Duration;
}

/** How a client's connection ended. */
export interface Ending {
  /** Whether it was whole: a body to its end, a WebSocket with a Close. */
  readonly clean: boolean;
  /** In words. */
  readonly how: string;
}

/** Somebody who waits: for one to come, or for the end. */
interface Waiter {
  /** True: that was it. */
  look(): boolean;
  give(up: Error): void;
}

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
  #wait<R>(noun: string, { timeout = '1s' }: NextOptions, find: () => { value: R } | undefined): Promise<R> {
    const ms = milliseconds(timeout);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        look: () => {
          try {
            const found = find();
            if (found === undefined) return false;
            resolve(found.value);
          } catch (error) {
            reject(error);
          }
          clearTimeout(timer);
          return true;
        },
        give: reject,
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        waiter.give(this.#failure(noun, `it did not come within ${ms} ms`));
      }, ms);
      if (!waiter.look()) this.#waiters.add(waiter);
    });
  }

  /** Whoever came first is served first. */
  #look(): void {
    for (const waiter of this.#waiters) if (waiter.look()) this.#waiters.delete(waiter);
  }

  #failure(noun: string, why: string): Error {
    const { name, timeline } = this.#voice;
    const seen = this.received.map((one) => this.#voice.describe(one)).join(', ');
    return new Error(
      `${name}: waited for ${noun}, but ${why}. Seen so far: ${seen === '' ? 'nothing' : seen}\n${timeline()}`,
    );
  }
}
