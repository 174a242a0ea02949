const ParallelBuffered = require('mocha/lib/nodejs/reporters/parallel-buffered.cjs');

/**
 * Runs where tests run side by side, and tells the reporter what happened. Of an error it tells what is shown: whatever else
 * there is (a big integer, a socket) may have no way between processes.
 */
module.exports = class WorkerReporter extends ParallelBuffered {
  createListener(eventName) {
    const tell = super.createListener(eventName);
    const listener = (runnable, error) => {
      if (error === undefined) return tell(runnable);
      delete runnable.err;
      tell(runnable, shown(error));
    };
    this.listeners.set(eventName, listener);
    return listener;
  }
};

function shown({ message, stack, uncaught, showDiff, actual, expected, cause }) {
  // The base class has made texts of what is to be compared.
  const diff = typeof actual === 'string' && typeof expected === 'string' ? { actual, expected } : {};
  const nested = cause instanceof Error ? { cause: shown(cause) } : {};
  return { message, stack, uncaught, showDiff, ...diff, ...nested };
}
