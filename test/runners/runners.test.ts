import assert from 'node:assert/strict';
import path from 'node:path';
import { type NodeRun, runNode } from '../support/run-node.js';

const root = path.resolve(import.meta.dirname, '../..');

/** How a suite is run, as a user would, but for what has our packages be loaded from their sources. */
const RUNNERS: Readonly<Record<string, (suite: string) => Promise<NodeRun>>> = {
  mocha: (suite) => runNode(['node_modules/mocha/bin/mocha.js', '--no-config', suite], root),
  'node:test': (suite) => runNode(['--test', suite], root),
  vitest: (suite) =>
    runNode(
      ['node_modules/vitest/vitest.mjs', 'run', '--config=test/runners/vitest.config.mjs', '--root=.', suite],
      root,
      { nodeOptions: '' },
    ),
  jest: (suite) =>
    runNode(['node_modules/jest/bin/jest.js', '--config=test/runners/jest.config.mjs', suite], root, {
      nodeOptions: '--experimental-vm-modules',
    }),
};

const SUITES: Readonly<Record<string, string>> = { 'node:test': 'node' };

/** Parts of a failure's message: what was expected, and what happened in the test. */
const FAILURE = [
  "expected a held connection on 'weather', found 0. Held are: stream /news on news",
  'client    stream 1 asks GET /news',
  'instruct  hold stream on news',
];

describe('@p-8/testing in', function () {
  // Each runner is a process, or some.
  this.timeout(120_000);

  for (const [name, run] of Object.entries(RUNNERS)) {
    it(`${name}: an app's suite passes`, async () => {
      const { status, stdout, stderr } = await run(`examples/testing/${SUITES[name] ?? name}.test.mjs`);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout + stderr, /\b3 pass|\bpass 3\b|Tests:? +3 passed/);
    });

    it(`${name}: an assertion that fails tells what happened`, async () => {
      const { status, stdout, stderr } = await run('test/runners/failing.test.mjs');
      assert.notEqual(status, 0);
      for (const part of FAILURE) assert.ok((stdout + stderr).includes(part), stdout + stderr);
    });
  }
});
