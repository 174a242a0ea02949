import type { TestedApp } from './app-listener.js';
import { GripTest } from './grip-test.js';
import type { GripTestOptions } from './grip-test-options.js';

/**
 * Puts an app behind a GRIP proxy, in memory, for a test. Nothing listens on a port, and time stands still until the test
 * lets it pass. What the app publishes by `fetch`, whatever library it uses, or by a `gripProxy()` that is mounted in it,
 * comes to this proxy.
 *
 * @throws TypeError where `app` is none; GripError `GRIP_ERR_OPTION` where an option is unknown or wrong.
 *
 * @example
 * ```ts
 * const t = await createGripTest(app);
 * const stream = await t.stream('/events');
 * await t.publish('news', { 'http-stream': 'hello\n' });
 * assert.equal(await stream.next(), 'hello\n');
 * await t.close();
 * ```
 */
export async function createGripTest(app: TestedApp, options: GripTestOptions = {}): Promise<GripTest> {
  return new GripTest(app, options);
}
