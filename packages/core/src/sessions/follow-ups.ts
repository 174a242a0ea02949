import { isInstruct } from '@p-8/protocol';
import type { Limits } from '../limits.js';
import type { OnError } from '../logger.js';
import type { Destination } from '../routing/origin.js';
import type { Timers } from '../timers.js';
import { TimedCall, type TimeScope } from '../upstream/timed-call.js';
import type { UpstreamCall, UpstreamHandler } from '../upstream/upstream.js';

/** A request that the proxy sends by itself, for a client that it holds. */
export interface FollowUp extends Destination {
  /** Absolute, for the log. */
  readonly uri: string;
  /** It is the client's own request once more: an answer that is no instruct is the client's, and takes as long as it likes. */
  readonly isRetry: boolean;
  /** Whether content may be an instruct. */
  readonly readsJson: boolean;
}

/** Sends what the proxy asks by itself. An origin that does not answer must not silence the clients that are held. */
export class FollowUps {
  /** Milliseconds that an origin may be silent; 0: for ever. */
  readonly timeout: number;
  readonly #timers: Timers;
  readonly #limits: Limits;
  readonly #onError: OnError;

  constructor(timeout: number, timers: Timers, limits: Limits, onError: OnError) {
    this.timeout = timeout;
    this.#timers = timers;
    this.#limits = limits;
    this.#onError = onError;
  }

  send({ upstream, request, uri, isRetry, readsJson }: FollowUp, handler: UpstreamHandler): UpstreamCall {
    if (this.timeout === 0) return upstream.send(request, handler);
    return TimedCall.send(upstream, request, handler, {
      timers: this.#timers,
      ms: this.timeout,
      scope: isRetry ? (headers) => (isInstruct(headers, readsJson) ? 'parts' : 'head') : isInParts,
      onTimeout: () => this.onTimeout(uri),
      onError: this.#onError,
    });
  }

  /** An origin has been silent for too long. */
  onTimeout(uri: string): void {
    this.#limits.reached('followUpTimeout', { uri });
  }
}

function isInParts(): TimeScope {
  return 'parts';
}
