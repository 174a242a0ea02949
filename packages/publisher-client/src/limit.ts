import { aborted, failure } from './publish-exception.js';
import type { PublisherClock } from './publish-options.js';

/** How long something may take. */
export interface Limit {
  readonly clock: PublisherClock;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds. @default for ever */
  readonly timeout?: number;
  /** Whom it is waited for. */
  readonly uri?: string;
}

/**
 * Does something until its time is up, or a signal is aborted: then the signal that `run` has got is aborted too, whether it is
 * noticed or not.
 * @throws PublishException `GRIP_ERR_PUBLISH_TIMEOUT`, `GRIP_ERR_PUBLISH_ABORTED`.
 */
export function limited<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { clock, signal, timeout = 0, uri }: Limit,
): Promise<T> {
  // Listeners on a signal that many publishes share would be too many for Node, which then warns of a leak.
  const outer = signal && (AbortSignal.any?.([signal]) ?? signal);
  return new Promise((resolve, reject) => {
    const inner = new AbortController();
    const stop = (error: Error): void => {
      reject(error);
      inner.abort();
      release();
    };
    const onAbort = (): void => stop(aborted(signal, uri));
    const onTimeout = (): void =>
      stop(failure('TIMEOUT', `${uri} has not answered within ${timeout} ms`, { uri }));
    const timer = timeout > 0 && clock.setTimeout(onTimeout, timeout);
    const release = (): void => {
      if (timer !== false) clock.clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    };
    if (outer?.aborted) {
      onAbort();
      return;
    }
    outer?.addEventListener('abort', onAbort);
    run(inner.signal).then(resolve, reject).finally(release);
  });
}

/** Lets `ms` milliseconds pass. @throws PublishException `GRIP_ERR_PUBLISH_ABORTED`. */
export function pause(ms: number, limit: Limit): Promise<void> {
  const { clock } = limit;
  const wait = (over: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, ms);
      over.addEventListener('abort', () => clock.clearTimeout(timer));
    });
  return limited(wait, limit);
}
