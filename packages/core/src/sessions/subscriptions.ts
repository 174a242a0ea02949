import type { Subscription } from '../hub/session.js';

/** The subscriptions of one session, in their order, by the name that publishers use. Most sessions have one, which needs no map. */
export class Subscriptions {
  #only: Subscription | undefined;
  /** Undefined: there is one at most. */
  #all: Map<string, Subscription> | undefined;

  get size(): number {
    return this.#all?.size ?? (this.#only === undefined ? 0 : 1);
  }

  get(channel: string): Subscription | undefined {
    if (this.#all !== undefined) return this.#all.get(channel);
    return this.#only?.channel === channel ? this.#only : undefined;
  }

  add(subscription: Subscription): void {
    if (this.size === 0) {
      this.#only = subscription;
      return;
    }
    this.#all ??= new Map(this.values().map((one) => [one.channel, one]));
    this.#all.set(subscription.channel, subscription);
  }

  delete({ channel }: Subscription): void {
    if (this.#all !== undefined) this.#all.delete(channel);
    else if (this.#only?.channel === channel) this.#only = undefined;
  }

  clear(): void {
    this.#only = undefined;
    this.#all = undefined;
  }

  /** As they are at the moment. */
  values(): readonly Subscription[] {
    if (this.#all !== undefined) return [...this.#all.values()];
    return this.#only === undefined ? [] : [this.#only];
  }
}
