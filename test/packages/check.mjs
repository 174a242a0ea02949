// What users get: every package is packed as npm would, looked at by publint and by attw, and used.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installAndUse } from './install.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'p-8-packages-'));
const run = (command, args) =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const tarballs = [];
  for (const name of readdirSync(path.join(root, 'packages'))) {
    const folder = path.join('packages', name);
    const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', scratch, `./${folder}`]));
    const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
    const tarball = path.join(scratch, filename);
    tarballs.push(tarball);
    run('npx', ['--no-install', 'publint', '--strict', tarball]);
    // ESM only, on purpose: Node 20.19 and later can require() it.
    run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only']);
    console.log(`${folder}: ok`);
  }
  installAndUse(scratch, tarballs);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
