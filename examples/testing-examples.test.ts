// Runs alone: it measures time.

import assert from 'node:assert/strict';
import path from 'node:path';
import { type NodeRun, runNode } from '../test/support/run-node.js';

const root = path.resolve(import.meta.dirname, '..');
const MOCHA = path.join(root, 'node_modules/mocha/bin/mocha.js');
const NO_PORTS = path.join(root, 'test/support/no-ports.mjs');
const QUICK_SUITE = path.join(root, 'test/support/quick-suite.mjs');

/** Runs suites without ports, and in less than a second. */
function runSuite(...args: readonly string[]): Promise<NodeRun> {
  const options = ['--no-config', '--reporter=json', `--require=${QUICK_SUITE}`];
  return runNode([`--import=${NO_PORTS}`, MOCHA, ...options, ...args], root);
}

describe('examples of tests', function () {
  // Each is a process of its own.
  this.timeout(120_000);
  // A machine with much else to do computes more slowly.
  this.retries(2);

  for (const framework of ['express', 'koa']) {
    it(`testing-serve-grip: the suite of ${framework} passes in less than a second, without a port`, async () => {
      const { stdout, stderr } = await runSuite(`examples/testing-serve-grip/${framework}.test.mjs`);
      assert.equal(stderr, '');
      const { stats, failures } = JSON.parse(stdout);
      assert.deepEqual(failures, []);
      assert.equal(stats.passes, 12);
    });
  }

  it('who opens a port, or takes long, is noticed', async () => {
    const suite = 'test/support/suites/slow-and-listening.mjs';
    const { failures } = JSON.parse((await runSuite(suite)).stdout);
    const messages = failures.map(({ err }: { err: Error }) => err.message);
    assert.equal(messages.length, 2);
    assert.match(messages[0], /not to open a port/);
    assert.match(messages[1], /^The suite took 1\d+ ms/);
  });
});
