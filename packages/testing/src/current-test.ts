import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';

/** Whose app is at work: what that publishes is for its own test. */
const current = new AsyncLocalStorage<object>();

/** Runs what belongs to one test. */
export function inTest<T>(test: object, run: () => T): T {
  return current.run(test, run);
}

/** Whether it is the app of `test` that calls. */
export function isInTest(test: object): boolean {
  return current.getStore() === test;
}

/** Has what listens to `emitter` run as part of a test: sockets are nobody's. */
export function bindToTest(test: object, emitter: EventEmitter): void {
  const { emit } = emitter;
  emitter.emit = (...args) => current.run(test, () => Reflect.apply(emit, emitter, args));
}

/** What is meant, of the same thing of several tests: that of the test whose app is at work, or all. */
export function ownOrAll<T>(ofTests: ReadonlyMap<object, T>): T[] {
  const test = current.getStore();
  const own = test === undefined ? undefined : ofTests.get(test);
  return own === undefined ? [...ofTests.values()] : [own];
}
