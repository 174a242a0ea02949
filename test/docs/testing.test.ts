import assert from 'node:assert/strict';
import path from 'node:path';
import { runNode } from '../support/run-node.js';
import { findSnippets } from './snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

describe('tests in the documents', function () {
  // Each is a process of its own.
  this.timeout(120_000);

  for (const document of ['docs/testing.md', 'packages/testing/README.md']) {
    for (const { code, line, fragment } of findSnippets(root, document)) {
      if (fragment !== undefined || !code.includes('createGripTest')) continue;
      it(`${document}:${line} passes`, async () => {
        // What Node's tests print by default has changed with its versions.
        const args = ['--test-reporter=tap', '--input-type=module', '--eval', code];
        const { status, stdout, stderr } = await runNode(args, root);
        assert.equal(status, 0, stdout + stderr);
        assert.equal(stderr, '');
        assert.match(stdout, /^# fail 0$|^\[open\]\n hello\n/m);
      });
    }
  }
});
