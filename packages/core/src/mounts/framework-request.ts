import type { ParsedBody } from '../http/parsed-body.js';

/** What a framework, and what is mounted in it before the proxy, make of a request. */
export interface FrameworkRequest extends ParsedBody {
  /**
   * Called when the app has answered with an instruct, which takes effect with `done`: for middleware that has something
   * to do at the end of a response, and would be late at the end of a hold.
   */
  readonly onAnswer?: ((done: () => void) => void) | undefined;
}
