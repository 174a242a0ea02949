import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';
import { runProgram, useDirectory } from './support/program.js';

const CONTENT = 'module.exports = "installed";\n';

/** A registry of one package, whose addresses are those that its clients use. */
function registry(tarball: Buffer): RequestListener {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return (req, res) => {
    if (req.url?.endsWith('.tgz') === true) {
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(tarball);
      return;
    }
    const dist = { tarball: `http://${req.headers.host}/tiny/-/tiny-1.0.0.tgz`, integrity };
    const versions = { '1.0.0': { name: 'tiny', version: '1.0.0', main: 'index.js', dist } };
    res.setHeader('Content-Type', 'application/json').setHeader('ETag', '"1"');
    res.end(JSON.stringify({ name: 'tiny', 'dist-tags': { latest: '1.0.0' }, versions }));
  };
}

// npm takes seconds: one app in the same process, and one proxy, stand for all.
for (const mount of MOUNTS.filter(({ name }) => /^an Express app|standalone/.test(name))) {
  describe(`npm from ${mount.name}`, function () {
    this.timeout(60_000);
    const stage = useStage();
    const directory = useDirectory();

    async function packed(): Promise<Buffer> {
      const folder = join(directory(), 'package');
      await mkdir(folder);
      await writeFile(join(folder, 'package.json'), '{"name":"tiny","version":"1.0.0"}');
      await writeFile(join(folder, 'index.js'), CONTENT);
      await runProgram('tar', ['czf', 'tiny.tgz', 'package'], directory());
      return await readFile(join(directory(), 'tiny.tgz'));
    }

    it('is told of a package, and installs it', async () => {
      const { port } = await mount.open(stage(), { listener: registry(await packed()) });
      await mkdir(join(directory(), 'project'));
      await writeFile(join(directory(), 'project', 'package.json'), '{"private":true}');
      const options = [
        `--registry=http://127.0.0.1:${port}/`,
        '--no-audit',
        '--no-fund',
        '--no-update-notifier',
      ];
      const npm = (...args: string[]): Promise<string> =>
        runProgram('npm', [...args, ...options, '--prefix', 'project'], directory());
      assert.equal((await npm('view', 'tiny', 'version')).trim(), '1.0.0');
      await npm('install', 'tiny@latest');
      const installed = join(directory(), 'project', 'node_modules', 'tiny', 'index.js');
      assert.equal(await readFile(installed, 'utf8'), CONTENT);
    });
  });
}
