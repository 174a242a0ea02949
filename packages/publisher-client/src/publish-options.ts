import type { ItemOptions } from '@p-8/protocol';

/** Where time and chance come from, for tests. */
export interface PublisherClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now. */
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** A number from 0 up to, not including, 1. */
  random(): number;
}

/** The machine's own clock. Timers keep a process alive: somebody waits for what they decide. */
export const systemClock: PublisherClock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: () => Math.random(),
};

/** How an endpoint is published to. */
export interface PublisherClientOptions {
  /** Sends the requests. @default globalThis.fetch, as it is at the time of the publish */
  fetch?: typeof fetch | undefined;
  /** Milliseconds that one attempt may take, the whole answer included; 0: for ever. @default 10_000 */
  timeout?: number | undefined;
  /** How many times a publish is tried again whose items all have ids: the others could be delivered twice. @default 2 */
  retries?: number | undefined;
  /** For tests only. @default the machine's */
  clock?: PublisherClock | undefined;
}

/** Options of a publisher, for all of its endpoints. */
export interface PublisherOptions extends PublisherClientOptions {
  /** Put before the name of each channel that is published to. @default '' */
  prefix?: string | undefined;
  /** Number all items, so that those of a channel follow each other: see `Publisher.ordered`. @default false */
  ordered?: boolean | undefined;
}

/** How one publish is done. */
export interface SendOptions {
  /** Ends the publish, wherever it is. Items may have been delivered. */
  readonly signal?: AbortSignal | undefined;
  /** As in {@link PublisherClientOptions.timeout}. @default the publisher's */
  readonly timeout?: number | undefined;
}

/** What else there is to say about an item, and how it is published. */
export interface PublishOptions extends ItemOptions, SendOptions {}
