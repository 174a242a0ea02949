import type { OnError } from './logger.js';

/** Where a user's callback is `async`, what its promise rejects with goes to `onError`: unhandled, it would end the process. */
export function noteRejection(result: unknown, onError: OnError): void {
  if (isThenable(result)) Promise.resolve(result).catch(onError);
}

/** Whether a callback that must answer at once has not: it is `async`. */
export function isThenable(result: unknown): result is PromiseLike<unknown> {
  return (
    typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function'
  );
}
