const path = require('node:path');
const { reporters } = require('mocha');

/** What earlier runs of this process came to. */
const earlier = { failures: [], stats: {} };

/**
 * The spec reporter, with a last line that tools can read: `N passed, N failed`. With the option `more`, what failed is kept for
 * the end of the next run.
 */
module.exports = class ClosingLine extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    if (!runner.isParallelMode()) return;
    runner.workerReporter(require.resolve('./worker-reporter.cjs'));
    // A file that cannot be loaded, or whose process ends, has no test to tell it by.
    runner.prependListener('fail', (test, { file }) => {
      if (file) test.title += ` (${path.relative('', file)})`;
    });
  }

  epilogue() {
    for (const name of ['passes', 'failures', 'pending', 'duration']) {
      this.stats[name] += earlier.stats[name] ?? 0;
    }
    this.failures.unshift(...earlier.failures);
    if (this.options.reporterOptions?.more) {
      Object.assign(earlier, { failures: this.failures, stats: this.stats });
      return;
    }
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
  }
};
