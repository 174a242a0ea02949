import { Timer, type TimerOwner, type Timers } from '../timers.js';

/** Milliseconds from a channel's first subscription until its sessions ask their origins again. Source: Pushpin. */
const DELAY = 1000;

/**
 * Where items come from an input that is told which channels to send, those that were published just before a channel's first
 * subscription have not come. So its sessions ask their origins once more, a little later.
 */
export class FirstSubscriptions {
  readonly #timers: Timers;
  readonly #update: (channel: string) => void;
  readonly #waiting = new Map<string, Timer>();

  /** @param update lets the sessions of a channel ask their origins again */
  constructor(timers: Timers, update: (channel: string) => void) {
    this.#timers = timers;
    this.#update = update;
  }

  /** A channel has its first subscriber. */
  add(channel: string): void {
    const owner: TimerOwner = {
      onTimer: () => {
        this.#waiting.delete(channel);
        this.#update(channel);
      },
    };
    const timer = new Timer(owner);
    this.#waiting.set(channel, timer);
    this.#timers.start(timer, DELAY);
  }

  /** A channel has lost its last subscriber. */
  remove(channel: string): void {
    const timer = this.#waiting.get(channel);
    if (timer === undefined) return;
    this.#waiting.delete(channel);
    this.#timers.stop(timer);
  }
}
