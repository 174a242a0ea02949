import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { skipWithout } from '../interop/support/skip.js';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';
import { gitBackend } from './support/git-backend.js';
import { runProgram, useDirectory } from './support/program.js';

const MB = 1_000_000;

// git takes seconds: one app of each framework, and one proxy, stand for all.
for (const mount of MOUNTS.filter(({ name }) => /^an Express app|^a Koa app|standalone/.test(name))) {
  describe(`git by HTTP from ${mount.name}`, function () {
    this.timeout(60_000);
    const stage = useStage();
    const directory = useDirectory();

    before(function () {
      skipWithout(this, 'git', existsSync('/usr/bin/git'));
    });

    const git = (...args: string[]): Promise<string> =>
      runProgram('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], directory());

    it('clones, pushes a few bytes and some megabytes, and clones what was pushed', async () => {
      await git('init', '--quiet', '--bare', 'origin.git');
      await git('-C', 'origin.git', 'config', 'http.receivepack', 'true');
      const { port } = await mount.open(stage(), { listener: gitBackend(directory()) });
      const url = `http://127.0.0.1:${port}/origin.git`;
      await git('clone', '--quiet', url, 'one');
      // More than git sends with a Content-Length.
      for (const [name, bytes] of [
        ['few', 10],
        ['many', 3 * MB],
      ] as const) {
        await writeFile(join(directory(), 'one', name), randomBytes(bytes));
        await git('-C', 'one', 'add', name);
        await git('-C', 'one', 'commit', '--quiet', '-m', name);
        await git('-C', 'one', 'push', '--quiet', 'origin', 'HEAD:main');
      }
      await git('clone', '--quiet', '--branch', 'main', url, 'two');
      const [one, two] = [
        await git('-C', 'one', 'rev-parse', 'HEAD'),
        await git('-C', 'two', 'rev-parse', 'HEAD'),
      ];
      assert.equal(one, two);
      assert.equal(await git('-C', 'two', 'status', '--porcelain'), '');
    });
  });
}
